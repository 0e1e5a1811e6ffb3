"""Before the first photo: an unticked box, and what was agreed to is kept."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile as File

from tests import factories
from tests.factories import picture_bytes
from tryon.models import Consent, Photo, TryOn, User
from tryon.services import consents


@pytest.fixture
def unasked(alice):
    alice.consents.all().delete()
    return alice


def photo() -> File:
    return File("me.jpg", picture_bytes())


def test_the_box_is_there_and_unticked(as_alice, unasked):
    for page in ("/try-on/", "/photos/"):
        html = as_alice.get(page).content.decode()
        assert 'name="consent"' in html
        assert 'value="on" checked' not in html


def test_without_it_no_photo_is_taken(as_alice, unasked):
    response = as_alice.post("/photos/", {"photo_file": photo()})
    assert response.status_code == 422
    assert "Tick the box first" in response.content.decode()
    scripted = as_alice.post(
        "/photos/", {"photo_file": photo()}, headers={"Accept": "application/json"}
    )
    assert "Tick the box first" in scripted.json()["error"]
    assert as_alice.post("/photos/code/").status_code == 422
    assert not Photo.objects.exists()


def test_with_it_who_which_and_when_is_kept(as_alice, unasked):
    as_alice.post("/photos/", {"photo_file": photo(), "consent": "on"})
    given = Consent.objects.get()
    assert (given.owner, given.version) == (unasked, consents.VERSION)
    assert 'name="consent"' not in as_alice.get("/try-on/").content.decode()
    as_alice.post("/photos/", {"photo_file": photo()})
    assert Photo.objects.count() == 2
    assert Consent.objects.count() == 1


def test_compose_asks_too_and_keeps_the_choice(client, db):
    piece = factories.garment(sku="C-1")
    client.get("/try-on/")
    fields = {"token": str(uuid.uuid4()), "top": piece.pk}
    response = client.post("/try-on/", {**fields, "photo_file": photo()})
    assert response.status_code == 422
    html = response.content.decode()
    assert "Tick the box first" in html
    assert html.count(" checked") == 1
    assert not User.objects.exists()
    client.post("/try-on/", {**fields, "photo_file": photo(), "consent": "on"})
    assert TryOn.objects.count() == 1


def test_taken_back_the_next_photo_asks_again(as_alice, alice):
    assert "Take it back" in as_alice.get("/account/").content.decode()
    as_alice.post("/account/consent/")
    assert not consents.has_consented(alice)
    assert "Not given" in as_alice.get("/account/").content.decode()
    assert as_alice.post("/photos/", {"photo_file": photo()}).status_code == 422


def test_a_new_version_asks_everybody_anew(alice, monkeypatch):
    assert consents.has_consented(alice)
    monkeypatch.setattr(consents, "VERSION", "2027-01")
    assert not consents.has_consented(alice)
