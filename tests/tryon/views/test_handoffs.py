"""A phone sends a photo into the page that is open on a desktop."""

import io
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile as File
from django.utils import timezone

from tests.conftest import StrictClient
from tests.factories import picture_bytes
from tryon import services
from tryon.models import Handoff, Photo, User
from tryon.pictures import normalise


@pytest.fixture
def phone():
    return StrictClient()


def opened(client) -> tuple[str, str]:
    """The address in the code, and the one to ask for news."""
    told = client.post("/photos/code/", {"consent": "on"}).json()
    assert "<svg" in told["html"]
    return re.search(r"/p/[A-Za-z0-9_-]{22}/", told["html"])[0], told["look"]


def send(phone, address, data=None):
    file = File("IMG_1.jpg", data or picture_bytes())
    return phone.post(address, {"photo_file": file})


def test_the_photo_arrives_on_the_desktop(as_alice, alice, phone):
    address, look = opened(as_alice)
    assert as_alice.get(look).json() == {"state": "open"}
    assert phone.get(address).status_code == 200
    assert "Sent" in send(phone, address).content.decode()
    told = as_alice.get(look).json()
    photo = alice.photos.get()
    assert told["state"] == "used"
    assert str(photo.pk) in told["html"]


def test_it_works_once(as_alice, phone):
    address, _look = opened(as_alice)
    send(phone, address)
    again = send(phone, address)
    assert again.status_code == 404
    assert "run out" in again.content.decode()
    assert Photo.objects.count() == 1


def test_of_two_at_once_one_is_stored(alice):
    now = timezone.now()
    handoff, _secret = services.open_handoff(owner=alice, now=now)
    pictures = [normalise.read_person(io.BytesIO(picture_bytes())) for _ in range(2)]
    stored = [
        services.use_handoff(handoff=handoff, picture=picture, now=now)
        for picture in pictures
    ]
    assert stored[0] is not None
    assert stored[1] is None


def test_it_runs_out(as_alice, phone):
    address, look = opened(as_alice)
    Handoff.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert as_alice.get(look).json() == {"state": "over"}
    assert send(phone, address).status_code == 404


def test_a_new_code_ends_the_earlier_one(as_alice, phone):
    first, _look = opened(as_alice)
    opened(as_alice)
    assert phone.get(first).status_code == 404


def test_what_is_no_picture_leaves_the_code_open(as_alice, phone):
    address, look = opened(as_alice)
    refused = send(phone, address, b"no picture")
    assert refused.status_code == 422
    assert "not a picture we can read" in refused.content.decode()
    assert as_alice.get(look).json() == {"state": "open"}


def test_the_phone_learns_nothing_else(as_alice, alice, phone):
    address, _look = opened(as_alice)
    html = phone.get(address).content.decode() + send(phone, address).content.decode()
    assert alice.email not in html
    assert "/gallery/" not in html
    assert phone.get("/gallery/").status_code == 302
    assert phone.get(alice.photos.get().url).status_code == 404


def test_anothers_code_tells_nothing(as_alice, as_bob):
    _address, look = opened(as_alice)
    assert as_bob.get(look).status_code == 404


def test_a_visitor_becomes_a_guest(client, db, phone):
    client.get("/try-on/")
    address, look = opened(client)
    send(phone, address)
    assert client.get(look).json()["state"] == "used"
    assert User.objects.guests().get().photos.count() == 1


def test_the_secret_is_not_stored(as_alice):
    address, _look = opened(as_alice)
    assert address.split("/")[2] not in str(Handoff.objects.values().get())
