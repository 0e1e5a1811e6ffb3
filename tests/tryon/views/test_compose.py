"""Compose: what is sent, and what happens to what is not in order."""

import re
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile as File
from django.utils import timezone

from tests import factories
from tests.conftest import StrictClient
from tests.factories import NOW, picture_bytes
from tests.pages import flat
from tryon.models import Garment, Photo, Status, TryOn, User
from tryon.pictures import normalise


@pytest.fixture
def photo(alice):
    return factories.photo(alice)


@pytest.fixture
def pieces(db):
    return {
        "top": factories.garment("upper_body", name="Wool blazer", sku="C-1"),
        "bottom": factories.garment("lower_body", name="Wide trousers", sku="C-2"),
        "full": factories.garment("full_body", name="Tea dress", sku="C-3"),
    }


def upload(data: bytes, name: str = "me.jpg") -> File:
    return File(name, data)


def post(client, **fields):
    fields.setdefault("token", str(uuid.uuid4()))
    return client.post("/try-on/", fields)


def test_shows_photos_garments_and_tries(as_alice, photo, pieces):
    html = as_alice.get("/try-on/").content.decode()
    assert photo.url in html
    assert all(piece.label in html for piece in pieces.values())
    assert "20 more tries today" in html


@pytest.mark.parametrize("slot", ["top", "bottom", "full"])
def test_a_single_of_each_kind(as_alice, photo, pieces, slot):
    response = post(as_alice, photo=photo.pk, **{slot: pieces[slot].pk})
    made = TryOn.objects.get()
    assert response["Location"] == f"/try-on/{made.pk}/"
    assert (made.mode, made.garment) == ("single", pieces[slot])


def test_a_combo(as_alice, photo, pieces):
    post(as_alice, photo=photo.pk, top=pieces["top"].pk, bottom=pieces["bottom"].pk)
    made = TryOn.objects.get()
    assert (made.mode, made.bottom_garment) == ("combo", pieces["bottom"])


def test_a_new_photo_and_a_garment_of_ones_own(as_alice, alice, pieces):
    post(
        as_alice,
        photo_file=upload(picture_bytes()),
        garment_file=upload(picture_bytes()),
        garment_kind="lower_body",
        garment_name="My jeans",
    )
    made = TryOn.objects.get()
    assert made.photo.owner == made.garment.owner == alice
    assert made.garment.name == "My jeans"


def test_a_guest_is_made_at_the_first_upload(client, pieces):
    client.get("/try-on/")
    assert not User.objects.exists()
    response = post(
        client,
        photo_file=upload(picture_bytes()),
        top=pieces["top"].pk,
        consent="on",
    )
    guest = User.objects.get()
    assert guest.is_guest
    assert client.get(response["Location"]).status_code == 200
    assert StrictClient().get(response["Location"]).status_code == 302


def test_no_guest_where_the_shop_wants_none(client, pieces, settings):
    settings.TRYON_GUESTS = False
    response = post(client, photo_file=upload(picture_bytes()), top=pieces["top"].pk)
    assert response["Location"].startswith("/account/login/?next=/try-on/")
    assert not User.objects.exists()


def test_a_double_click_is_one_job(as_alice, photo, pieces):
    token = str(uuid.uuid4())
    fields = {"photo": photo.pk, "top": pieces["top"].pk, "token": token}
    first, second = post(as_alice, **fields), post(as_alice, **fields)
    assert first["Location"] == second["Location"]
    assert TryOn.objects.count() == 1


def test_the_same_again_is_shown_not_paid_for(as_alice, photo, pieces):
    fields = {"photo": photo.pk, "top": pieces["top"].pk}
    first, second = post(as_alice, **fields), post(as_alice, **fields)
    assert first["Location"] == second["Location"]
    page = as_alice.get(second["Location"]).content.decode()
    assert "You have this picture already." in page
    post(as_alice, **fields, again="1")
    assert TryOn.objects.count() == 2


def test_make_it_again_pressed_twice_is_paid_once(as_alice, alice, photo, pieces):
    """As its form on the page sends it."""
    first = factories.try_on(
        alice, Status.COMPLETED, photo=photo, garment=pieces["top"]
    )
    html = as_alice.get(f"/try-on/{first.pk}/").content.decode()
    form = re.search(r'<form[^>]*class="again".*?</form>', html, re.S)[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    leads = {as_alice.post("/try-on/", fields)["Location"] for _ in range(3)}
    assert len(leads) == 1
    second = TryOn.objects.get(retry_of=None, status=Status.QUEUED)
    TryOn.objects.filter(pk=second.pk).update(
        status=Status.COMPLETED,
        remote_id="x",
        submitted_at=NOW,
        finished_at=NOW,
        created_at=NOW + timedelta(seconds=1),
    )
    leads.add(as_alice.post("/try-on/", fields)["Location"])
    assert len(leads) == 2  # ready: a new wish
    assert TryOn.objects.count() == 3


BAD_FILES = {
    "empty": (b"", "That file is empty"),
    "text": (b"hello there", "not a picture we can read"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "not a picture"),
    "pdf": (b"%PDF-1.4 ...", "not a picture"),
    "truncated": (picture_bytes(900, 900)[:2000], "not whole"),
    "tiny": (picture_bytes(1, 1), "only 1 × 1 pixels"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_photos_get_a_sentence_and_nothing_else_is_lost(as_alice, pieces, name):
    data, sentence = BAD_FILES[name]
    response = post(as_alice, photo_file=upload(data), top=pieces["top"].pk)
    html = response.content.decode()
    assert response.status_code == 422
    assert sentence in html
    assert 'href="#photo"' in html  # the summary leads to the place
    assert f'value="{pieces["top"].pk}"' in flat(html).partition(" checked>")[0][-400:]
    assert not Photo.objects.exists()
    assert not TryOn.objects.exists()


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_garments_get_a_sentence_and_the_photo_is_kept(as_alice, name):
    data, sentence = BAD_FILES[name]
    response = post(
        as_alice,
        photo_file=upload(picture_bytes()),
        garment_file=upload(data),
        garment_kind="upper_body",
        garment_name="Mine",
    )
    html = response.content.decode()
    assert response.status_code == 422
    assert sentence in html
    assert 'value="Mine"' in html
    photo = Photo.objects.get()  # sent once is enough
    assert f'value="{photo.pk}" form="compose" checked' in flat(html)
    assert not Garment.objects.exists()
    assert not TryOn.objects.exists()


def test_over_the_byte_limit(as_alice, pieces, settings):
    settings.TRYON_MAX_UPLOAD_MB = 0.001
    response = post(
        as_alice, photo_file=upload(picture_bytes(900, 900)), top=pieces["top"].pk
    )
    assert "over 0.001 MB" in response.content.decode()


def test_nothing_chosen(as_alice, pieces):
    html = post(as_alice).content.decode()
    assert "Add a photo of yourself" in html
    assert "Choose a garment." in html
    assert "2 things to put right" in html
    assert "<title>Error" in html


def test_someone_elses_photo_or_garment(as_alice, bob, photo, pieces):
    theirs = factories.photo(bob)
    html = post(as_alice, photo=theirs.pk, top=pieces["top"].pk).content.decode()
    assert "That photo is not there" in html
    own = factories.garment(owner=bob)
    html = post(as_alice, photo=photo.pk, top=own.pk).content.decode()
    assert "That piece is not there" in html
    assert not TryOn.objects.exists()


def test_retired_pieces_cannot_be_chosen(as_alice, photo, pieces):
    factories.retire_all()
    response = post(as_alice, photo=photo.pk, top=pieces["top"].pk)
    assert response.status_code == 422


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"top": "top", "bottom": "top"}, "Wool blazer is not a bottom"),
        ({"top": "bottom"}, "Wide trousers is not a top"),
        ({"full": "top"}, "Wool blazer is not a full-body piece"),
        ({"full": "full", "top": "top"}, "cannot be worn together"),
        ({"top": "full", "bottom": "bottom"}, "Tea dress is not a top"),
    ],
)
def test_outfits_that_do_not_go(as_alice, photo, pieces, fields, sentence):
    chosen = {slot: pieces[piece].pk for slot, piece in fields.items()}
    response = post(as_alice, photo=photo.pk, **chosen)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not TryOn.objects.exists()


def test_an_upload_without_its_kind(as_alice, photo):
    response = post(as_alice, photo=photo.pk, garment_file=upload(picture_bytes()))
    assert "Say what it is" in response.content.decode()
    assert "Choose a garment." not in response.content.decode()


def test_an_upload_without_its_kind_hides_no_other_fault(as_alice, photo, pieces):
    worn = {"top": pieces["top"].pk, "full": pieces["full"].pk}
    page = post(
        as_alice, photo=photo.pk, garment_file=upload(picture_bytes()), **worn
    ).content.decode()
    assert "Say what it is" in page and "cannot be worn together" in page


@pytest.mark.parametrize(
    "fields",
    [
        {"photo": "nonsense"},
        {"top": "nonsense", "token": "nonsense"},
        {"garment_kind": "hat"},
        {"garment_name": "x" * 500},
        {"top": "\x00"},
    ],
)
def test_nonsense_is_no_error_of_ours(as_alice, fields):
    assert post(as_alice, **fields).status_code == 422


def test_the_limit_is_told_and_nothing_is_lost(as_alice, alice, pieces, settings):
    settings.TRYON_DAILY_LIMIT = 1
    factories.try_on(alice, created_at=timezone.now())
    html = as_alice.get("/try-on/").content.decode()
    assert "Next try tomorrow at" in html
    response = post(as_alice, photo_file=upload(picture_bytes()), top=pieces["top"].pk)
    assert response.status_code == 422
    assert "You have used today" in response.content.decode()
    assert TryOn.objects.count() == 1


def test_busy_decoders_answer_503_and_say_when(as_alice, pieces, monkeypatch):
    monkeypatch.setattr(normalise, "LONGEST_WAIT", 0.01)
    with normalise.decoder(), normalise.decoder():
        response = post(as_alice, photo_file=upload(b"x" * 10), top=pieces["top"].pk)
    assert response.status_code == 503
    assert response["Retry-After"] == "10"


def test_a_shops_link_chooses_its_garment(as_alice, pieces):
    html = as_alice.get("/try-on/?garment=C-2").content.decode()
    assert flat(html).count(" checked>") == 1
    assert as_alice.get("/try-on/?garment=nothing").status_code == 200


def test_filters(as_alice, alice, pieces):
    own = factories.garment(owner=alice, name="Only mine")
    tops = as_alice.get("/try-on/?kind=top").content.decode()
    assert "Wool blazer" in tops and "Tea dress" not in tops
    mine = as_alice.get("/try-on/?of=mine").content.decode()
    assert own.name in mine and "Wool blazer" not in mine
    found = as_alice.get("/try-on/?q=trous").content.decode()
    assert "Wide trousers" in found and "Wool blazer" not in found
    assert "Nothing matches" in as_alice.get("/try-on/?q=zzz").content.decode()
    assert as_alice.get("/try-on/?q=%00&garment=%00").status_code == 200
    chosen = f"/try-on/?kind=top&full={pieces['full'].pk}"
    assert "Tea dress" in as_alice.get(chosen).content.decode()


def test_queries_do_not_grow(as_alice, alice, django_assert_num_queries):
    for _ in range(2):
        factories.photo(alice)
        factories.garment(sku=uuid.uuid4().hex)
    with django_assert_num_queries(11) as few:
        as_alice.get("/try-on/")
    for _ in range(10):
        factories.photo(alice)
        factories.garment(sku=uuid.uuid4().hex)
    with django_assert_num_queries(len(few)):
        as_alice.get("/try-on/")


def test_states_under_way_are_counted_in_the_header(as_alice, alice):
    factories.try_on(alice, Status.PROCESSING)
    assert "being made" in as_alice.get("/try-on/").content.decode()
