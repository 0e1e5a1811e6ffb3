"""The pages of photos and garments, and the script's way to add a photo."""

from django.core.files.uploadedfile import SimpleUploadedFile as File

from tests import factories
from tests.factories import picture_bytes
from tryon.models import Garment, Photo, Status, TryOn, User


def test_add_a_photo(as_alice, alice):
    file = File("me.jpg", picture_bytes())
    response = as_alice.post("/photos/", {"photo_file": file})
    assert response["Location"] == "/photos/"
    assert Photo.objects.get().owner == alice


def test_a_script_gets_the_tile_or_a_sentence(as_alice):
    json = {"headers": {"Accept": "application/json"}}
    file = File("me.jpg", picture_bytes())
    response = as_alice.post("/photos/", {"photo_file": file}, **json)
    assert response.status_code == 201
    assert str(Photo.objects.get().pk) in response.json()["html"]
    response = as_alice.post("/photos/", {"photo_file": File("x.jpg", b"no")}, **json)
    assert response.status_code == 422
    assert "not a picture" in response.json()["error"]
    response = as_alice.post("/photos/", {}, **json)
    assert "Choose a picture" in response.json()["error"]


def test_a_guests_first_photo(client, db):
    client.get("/photos/")
    client.post(
        "/photos/",
        {"photo_file": File("me.jpg", picture_bytes()), "consent": "on"},
    )
    assert User.objects.get().is_guest
    assert Photo.objects.get().url in client.get("/photos/").content.decode()


def test_bad_photo_on_the_page(as_alice):
    response = as_alice.post("/photos/", {"photo_file": File("x.jpg", b"no")})
    assert response.status_code == 422
    assert "not a picture we can read" in response.content.decode()


def test_deleting_a_photo_says_what_goes_with_it(as_alice, alice):
    done = factories.try_on(alice, Status.COMPLETED)
    page = f"/photos/{done.photo.pk}/delete/"
    assert "Its 1 picture goes with it" in as_alice.get(page).content.decode()
    as_alice.post(page)
    assert not Photo.objects.exists()
    assert not TryOn.objects.existing().exists()


def test_own_garments(as_alice, alice):
    fields = {"garment_kind": "full_body", "garment_name": "My dress"}
    file = File("dress.png", picture_bytes(format="PNG"))
    as_alice.post("/garments/", {**fields, "garment_file": file})
    garment = Garment.objects.get()
    assert (garment.owner, garment.kind) == (alice, "full_body")
    assert "My dress" in as_alice.get("/garments/?of=mine").content.decode()
    assert "My dress" not in as_alice.get("/garments/").content.decode()
    asks = f"/garments/{garment.pk}/delete/"
    assert "This cannot be undone" in as_alice.get(asks).content.decode()
    factories.try_on(alice, Status.COMPLETED, garment=garment)
    told = "The 1 picture made with it goes too."
    assert told in as_alice.get(asks).content.decode()
    as_alice.post(asks)
    assert not Garment.objects.exists()


def test_a_garment_without_its_kind(as_alice):
    file = File("dress.png", picture_bytes(format="PNG"))
    response = as_alice.post("/garments/", {"garment_file": file})
    assert response.status_code == 422
    assert "Say what it is" in response.content.decode()


def test_the_catalogue_is_not_deleted_by_customers(as_alice):
    piece = factories.garment(sku="U-1")
    assert as_alice.post(f"/garments/{piece.pk}/delete/").status_code == 404
