"""Each admin page opens with rows in it; what staff may press does it."""

import io
from pathlib import Path

import pytest
import skimage
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile as File
from django.utils.html import escape

from tests import factories
from tests.conftest import StrictClient
from tests.factories import NOW, picture_bytes
from tryon import services
from tryon.admin.uploads import GarmentAdminForm
from tryon.models import Garment, Key, Photo, Status, TryOn, User
from tryon.models.ledger import KeyState
from tryon.pictures import normalise, storage
from tryon.presentation import photo_advice

MODELS = ["user", "photo", "garment", "tryon", "result", "key", "apirequest"]


@pytest.fixture
def rows(alice):
    key = factories.key("sk_live_" + "x" * 43)
    done = factories.try_on(alice, Status.COMPLETED, key=key)
    factories.try_on(alice, Status.FAILED)
    done.api_requests.create(
        key=key, kind="submit", token=done.token, planned_at=NOW, sent_at=NOW
    )
    done.events.create(to_status="queued", at=NOW)
    return done


def test_all_models_of_use_are_there():
    registered = {m._meta.model_name for m in admin.site._registry}
    assert set(MODELS) <= registered


@pytest.mark.parametrize("model", MODELS)
def test_list_and_change_page(as_staff, rows, model):
    response = as_staff.get(f"/admin/tryon/{model}/")
    assert response.status_code == 200
    link = f"/admin/tryon/{model}/"
    row = next(
        part.split('"')[0]
        for part in response.content.decode().split(f'href="{link}')[1:]
        if "/change/" in part.split('"')[0]
    )
    assert as_staff.get(link + row).status_code == 200


@pytest.mark.parametrize("model", ["user", "photo", "garment", "tryon", "result"])
def test_search(as_staff, rows, model):
    assert as_staff.get(f"/admin/tryon/{model}/?q=alice").status_code == 200


def test_a_try_on_shows_its_story_and_its_requests(as_staff, rows):
    html = as_staff.get(f"/admin/tryon/tryon/{rows.pk}/change/").content.decode()
    assert rows.remote_id in html
    assert rows.result.url in html
    assert "submit" in html


def test_lists_ask_a_constant_number_of_queries(
    as_staff, rows, alice, django_assert_num_queries
):
    with django_assert_num_queries(20, exact=False) as few:
        as_staff.get("/admin/tryon/tryon/")
    for _ in range(6):
        factories.try_on(alice, Status.COMPLETED)
    with django_assert_num_queries(len(few)):
        as_staff.get("/admin/tryon/tryon/")


def act(client, model: str, action: str, *pks):
    return client.post(
        f"/admin/tryon/{model}/",
        {"action": action, "_selected_action": [str(pk) for pk in pks]},
        follow=True,
    )


def test_send_again_in_bulk(as_staff, alice):
    unsure = [factories.try_on(alice, Status.UNCONFIRMED) for _ in range(3)]
    done = factories.try_on(alice, Status.COMPLETED)
    response = act(as_staff, "tryon", "send_again", *(t.pk for t in (*unsure, done)))
    assert TryOn.objects.queued().count() == 3
    assert "1 was not in a state for it" in response.content.decode()


def test_keys_can_be_paused_and_started(as_staff, rows):
    key = Key.objects.get()
    act(as_staff, "key", "pause", key.pk)
    key.refresh_from_db()
    assert key.state == KeyState.PAUSED
    act(as_staff, "key", "work_again", key.pk)
    key.refresh_from_db()
    assert key.state == KeyState.WORKING


def test_catalogue(as_staff, django_capture_on_commit_callbacks):
    file = File("coat.png", picture_bytes(format="PNG"))
    fields = {"kind": "upper_body", "name": "Coat", "sku": "N-1", "product_url": ""}
    as_staff.post("/admin/tryon/garment/add/", {**fields, "new_picture": file})
    garment = Garment.objects.get()
    assert (garment.owner, garment.name) == (None, "Coat")
    first = garment.file_name
    file = File("coat.png", picture_bytes(format="PNG"))
    with django_capture_on_commit_callbacks(execute=True):
        as_staff.post(
            f"/admin/tryon/garment/{garment.pk}/change/",
            {**fields, "name": "Warm coat", "new_picture": file},
        )
    garment.refresh_from_db()
    assert garment.name == "Warm coat"
    assert garment.file_name != first
    with pytest.raises(FileNotFoundError):
        storage.read(first)
    act(as_staff, "garment", "retire", garment.pk)
    assert not Garment.objects.catalogue().exists()
    act(as_staff, "garment", "bring_back", garment.pk)
    assert Garment.objects.catalogue().exists()


def test_a_garment_picture_is_checked_when_it_comes(as_staff, shirt_photo):
    room = (Path(skimage.__file__).parent / "data" / "coffee.png").read_bytes()
    fields = {"kind": "upper_body", "name": "Coat", "product_url": ""}
    for sku, data, told in (
        ("G-1", shirt_photo, "Plain ground, sharp and large enough."),
        ("G-2", room, "plain"),
    ):
        file = File("coat.jpg", data)
        page = as_staff.post(
            "/admin/tryon/garment/add/",
            {**fields, "sku": sku, "new_picture": file, "_continue": "1"},
            follow=True,
        ).content.decode()
        garment = Garment.objects.get(sku=sku)
        card = photo_advice.advise_on_garment(garment)
        for problem in card.problems:
            assert (
                page.count(escape(problem.advice)) == 2
            )  # as a message, and beside it
        assert bool(card.problems) == (sku == "G-2")
        assert told in page


def test_a_garment_needs_a_picture_we_can_read(as_staff):
    fields = {"kind": "upper_body", "name": "Coat", "sku": "N-1"}
    response = as_staff.post("/admin/tryon/garment/add/", fields)
    assert "Choose a picture" in response.content.decode()
    bad = File("x.jpg", b"nonsense")
    response = as_staff.post(
        "/admin/tryon/garment/add/", {**fields, "new_picture": bad}
    )
    assert "not a picture we can read" in response.content.decode()


@pytest.mark.django_db(transaction=True)
def test_deleting_takes_the_files_along(as_staff, alice, media_files):
    photo = factories.photo(alice)
    as_staff.post(f"/admin/tryon/photo/{photo.pk}/delete/", {"post": "yes"})
    assert not Photo.objects.exists()
    factories.photo(alice)
    as_staff.post(f"/admin/tryon/user/{alice.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=alice.pk).exists()
    assert not media_files()


def test_an_account_made_by_staff(as_staff):
    fields = {
        "email": "new@example.org",
        "usable_password": "true",
        "password1": "a long password",
        "password2": "a long password",
    }
    as_staff.post("/admin/tryon/user/add/", fields)
    assert User.objects.get(email="new@example.org").check_password("a long password")


# --- found by review ------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_customer_with_a_piece_of_their_own_can_be_deleted(as_staff, alice):
    factories.garment(owner=alice)
    page = f"/admin/tryon/user/{alice.pk}/delete/"
    assert as_staff.get(page).status_code == 200
    as_staff.post(page, {"post": "yes"})
    assert not User.objects.filter(pk=alice.pk).exists()


def test_who_may_only_look_may_not_act(client, rows):
    from django.contrib.auth.models import Permission

    helper = User.objects.create_user("helper@example.org", is_staff=True)
    views = Permission.objects.filter(codename__in=["view_key", "view_tryon"])
    helper.user_permissions.set(views)
    client.force_login(helper)
    key = Key.objects.get()
    act(client, "key", "pause", key.pk)
    key.refresh_from_db()
    assert key.state == KeyState.WORKING


def test_a_sku_twice_is_a_sentence(as_staff):
    factories.garment(sku="N-1")
    file = File("coat.png", picture_bytes(format="PNG"))
    fields = {"kind": "upper_body", "name": "Coat", "sku": "N-1"}
    response = as_staff.post(
        "/admin/tryon/garment/add/", {**fields, "new_picture": file}
    )
    assert "with this SKU already" in response.content.decode()


def test_customers_own_pieces_are_only_to_be_looked_at(as_staff, alice):
    own = factories.garment(owner=alice, name="Mine")
    page = f"/admin/tryon/garment/{own.pk}/change/"
    assert as_staff.get(page).status_code == 200
    response = as_staff.post(page, {"name": "hacked", "kind": "full_body", "sku": ""})
    assert response.status_code == 403
    own.refresh_from_db()
    assert own.name == "Mine"


@pytest.fixture
def as_operator(db):
    user = User.objects.create_user("operator@example.org", is_staff=True)
    user.groups.add(Group.objects.get(name="Operator"))
    client = StrictClient()
    client.force_login(user)
    return client


def test_an_operator_raises_a_limit_but_takes_no_rights(as_operator, alice):
    page = f"/admin/tryon/user/{alice.pk}/change/"
    html = as_operator.get(page).content.decode()
    assert alice.password not in html
    fields = {"daily_limit": "50", "email": "mine@example.org", "is_superuser": "on"}
    as_operator.post(page, {**fields, "is_staff": "on", "password": "x"})
    before = (alice.email, alice.password)
    alice.refresh_from_db()
    assert alice.daily_limit == 50
    assert (alice.email, alice.password) == before
    assert not alice.is_superuser
    assert not alice.is_staff


def test_an_operator_cannot_sign_in_as_somebody(as_operator, alice, staff):
    for user in (alice, staff):
        page = f"/admin/tryon/user/{user.pk}/password/"
        fields = {"password1": "another password", "password2": "another password"}
        assert as_operator.post(page, fields).status_code == 403
    page = f"/admin/tryon/user/{staff.pk}/"
    assert as_operator.post(page + "delete/", {"post": "yes"}).status_code == 403
    as_operator.post(
        "/admin/tryon/user/",
        {"action": "delete_selected", "_selected_action": staff.pk, "post": "yes"},
    )
    assert User.objects.filter(pk=staff.pk).exists()


def test_details_kept_after_the_picture_changed_do_not_bring_the_old_one_back(
    as_staff, monkeypatch
):
    """Somebody else replaced it while the page was being sent."""
    garment = factories.garment(sku="N-1")
    clean = GarmentAdminForm.clean

    def meanwhile(form):
        cleaned = clean(form)
        services.replace_garment_picture(
            garment=Garment.objects.get(),
            picture=normalise.read_garment(io.BytesIO(picture_bytes())),
            now=NOW,
        )
        return cleaned

    monkeypatch.setattr(GarmentAdminForm, "clean", meanwhile)
    fields = {"kind": "upper_body", "name": "Warm", "sku": "N-1", "product_url": ""}
    as_staff.post(f"/admin/tryon/garment/{garment.pk}/change/", fields)
    kept = Garment.objects.get()
    assert kept.name == "Warm"
    assert kept.stem != garment.stem


def test_a_piece_that_is_being_made_shows_no_broken_picture(as_staff):
    html = as_staff.get("/admin/tryon/garment/add/").content.decode()
    assert "/media/" not in html
