"""Several garments at once: counted before they are sent, each for itself."""

import uuid

import pytest

from tests import factories
from tests.factories import NOW
from tests.pages import flat
from tryon import services
from tryon.models import Fitting, Status, TryOn, User


@pytest.fixture
def photo(alice):
    return factories.photo(alice)


@pytest.fixture
def five(db):
    kinds = ["upper_body", "upper_body", "lower_body", "full_body", "full_body"]
    return [factories.garment(kind, sku=f"F-{n}") for n, kind in enumerate(kinds)]


def post(client, photo, pieces, **fields):
    data = {
        "several": "1",
        "photo": photo.pk,
        "pieces": [piece.pk for piece in pieces],
        "token": str(uuid.uuid4()),
        **fields,
    }
    return client.post("/try-on/", data)


def test_each_piece_for_a_picture_of_its_own(as_alice, alice, photo, five):
    response = post(as_alice, photo, five)
    fitting = Fitting.objects.get()
    assert response["Location"] == f"/fittings/{fitting.pk}/"
    made = TryOn.objects.filter(owner=alice)
    assert {(row.mode, row.garment) for row in made} == {("single", g) for g in five}
    html = as_alice.get(response["Location"]).content.decode()
    assert "0 of 5 are ready" in html
    assert html.count('class="card ') == 5


def test_one_of_three_is_ready(as_alice, alice, photo, five):
    factories.try_on(alice, Status.COMPLETED, photo=photo, garment=five[0])
    html = as_alice.get(post(as_alice, photo, five[:3])["Location"]).content.decode()
    assert ">1 of 3 is ready</h1>" in flat(html)
    assert 'data-one="%n of %t is ready"' in html
    assert 'data-many="%n of %t are ready"' in html


def test_the_same_form_twice_makes_one_fitting(as_alice, photo, five):
    token = str(uuid.uuid4())
    first = post(as_alice, photo, five, token=token)
    second = post(as_alice, photo, five, token=token)
    assert first["Location"] == second["Location"]
    assert TryOn.objects.count() == 5


def test_what_is_there_is_shown_and_not_paid_for_again(as_alice, alice, photo, five):
    services.create_try_on(
        owner=alice, photo=photo, outfit=services.Outfit(five[0]), now=NOW
    )
    post(as_alice, photo, five[:3])
    assert TryOn.objects.count() == 3
    assert Fitting.objects.get().try_ons.count() == 3


def test_more_than_the_tries_left_makes_none(as_alice, alice, photo, five):
    User.objects.filter(pk=alice.pk).update(daily_limit=3)
    response = post(as_alice, photo, five)
    assert response.status_code == 422
    html = response.content.decode()
    assert "3 tries are left today. Take 2 off first." in html
    assert html.count(" checked") == 1 + 5  # the photo and the pieces are kept
    assert TryOn.objects.count() == 0


def test_one_may_fail_without_the_others(as_alice, alice, photo, five):
    post(as_alice, photo, five[:2])
    fitting = Fitting.objects.get()
    first = fitting.try_ons.order_by("pk").first()
    TryOn.objects.filter(pk=first.pk).update(
        status=Status.FAILED, failure_code="not_made", finished_at=NOW
    )
    html = as_alice.get(f"/fittings/{fitting.pk}/").content.decode()
    assert "It did not come out this time." in html
    assert html.count('class="card ') == 2


@pytest.mark.parametrize("pieces", [[], ["nonsense"], [str(uuid.uuid4())]])
def test_pieces_that_are_none(as_alice, photo, pieces):
    data = {"several": "1", "photo": photo.pk, "pieces": pieces}
    assert as_alice.post("/try-on/", data).status_code == 422
    assert TryOn.objects.count() == 0


def test_anothers_piece_is_not_there(as_alice, bob, photo):
    theirs = factories.garment(owner=bob)
    assert post(as_alice, photo, [theirs]).status_code == 422


def test_the_choice_goes_along_into_several(as_alice, photo, five):
    address = f"/try-on/?several=1&photo={photo.pk}&top={five[0].pk}"
    html = as_alice.get(address).content.decode()
    assert 'type="checkbox" name="pieces"' in flat(html)
    assert html.count(" checked") == 2


def test_deleted_pictures_leave_the_fitting(as_alice, alice, photo, five):
    post(as_alice, photo, five[:1])
    fitting = Fitting.objects.get()
    services.delete_try_on(try_on=fitting.try_ons.get(), now=NOW, by=alice)
    assert as_alice.get(f"/fittings/{fitting.pk}/").status_code == 404


def test_signing_in_brings_fittings_along(alice, photo, five):
    guest = User.objects.get_or_create_guest("b", NOW)
    made, new = services.create_fitting(
        owner=guest,
        photo=factories.photo(guest),
        garments=five[:2],
        now=NOW,
        token=uuid.uuid4(),
    )
    guest.favourite_garments.add(five[0])
    services.claim_guest(guest=guest, owner=alice)
    assert new == 2
    assert alice.fittings.get() == made
    assert alice.favourite_garments.get() == five[0]


def test_queries_do_not_grow(as_alice, photo, five, django_assert_max_num_queries):
    post(as_alice, photo, five)
    fitting = Fitting.objects.get()
    with django_assert_max_num_queries(10):
        as_alice.get(f"/fittings/{fitting.pk}/")
