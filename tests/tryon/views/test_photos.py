"""One photo: its report card, and mending it on the spot."""

import io

import pytest
from PIL import Image, ImageEnhance

from tests import factories
from tests.conftest import image_of, openvto_assets
from tests.factories import NOW
from tryon import services
from tryon.models import Photo, Status
from tryon.pictures import normalise, storage

AVATAR = openvto_assets() / "avatars" / "1.png"


def photo_of(owner, image: Image.Image) -> Photo:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92)
    return services.add_photo(owner=owner, picture=normalise.read_person(out), now=NOW)


@pytest.fixture
def dark_photo(alice) -> Photo:
    person = Image.open(AVATAR).convert("RGB")
    return photo_of(alice, ImageEnhance.Brightness(person).enhance(0.35))


def test_the_card_says_what_could_be_better(as_alice, dark_photo):
    html = as_alice.get(f"/photos/{dark_photo.pk}/").content.decode()
    assert "One thing could be better" in html
    assert "A little dark, so colours may come out dull." in html


def test_a_sound_photo_is_good_to_go(as_alice, alice):
    photo = photo_of(alice, Image.open(AVATAR).convert("RGB"))
    html = as_alice.get(f"/photos/{photo.pk}/").content.decode()
    assert "This photo is good to go" in html


def test_brighten_makes_a_photo_of_its_own(as_alice, alice, dark_photo):
    response = as_alice.post(
        f"/photos/{dark_photo.pk}/repair/", {"repair": "brighten"}, follow=True
    )
    assert "This photo is good to go" in response.content.decode()
    made = alice.photos.exclude(pk=dark_photo.pk).get()
    assert made.derived_from == dark_photo


def test_mending_twice_keeps_only_the_last_and_the_original(
    as_alice, alice, dark_photo, media_files, django_capture_on_commit_callbacks
):
    as_alice.post(f"/photos/{dark_photo.pk}/repair/", {"repair": "brighten"})
    first = alice.photos.exclude(pk=dark_photo.pk).get()
    assert any(first.stem in name for name in media_files())
    with django_capture_on_commit_callbacks(execute=True):
        as_alice.post(f"/photos/{first.pk}/repair/", {"repair": "rotate-90"})
    last = alice.photos.exclude(pk=dark_photo.pk).get()
    assert last.derived_from == dark_photo
    assert (last.width, last.height) == (dark_photo.height, dark_photo.width)
    assert not any(first.stem in name for name in media_files())


def test_a_mended_photo_that_was_used_stays(as_alice, alice, dark_photo):
    as_alice.post(f"/photos/{dark_photo.pk}/repair/", {"repair": "brighten"})
    first = alice.photos.exclude(pk=dark_photo.pk).get()
    garment = factories.garment()
    services.create_try_on(
        owner=alice, photo=first, outfit=services.Outfit(garment), now=NOW
    )
    as_alice.post(f"/photos/{first.pk}/repair/", {"repair": "rotate-90"})
    assert alice.photos.count() == 3


def test_crop_in_percent(as_alice, alice, dark_photo):
    crop = {
        "repair": "crop",
        "crop_left": "10",
        "crop_top": "0",
        "crop_right": "90",
        "crop_bottom": "50",
    }
    as_alice.post(f"/photos/{dark_photo.pk}/repair/", crop)
    made = alice.photos.exclude(pk=dark_photo.pk).get()
    assert image_of(storage.read(made.file_name)).size == (
        round(dark_photo.width * 0.9) - round(dark_photo.width * 0.1),
        round(dark_photo.height * 0.5),
    )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"crop_left": "60", "crop_right": "40"}, "That would leave nothing of it."),
        ({"crop_right": "8"}, "each side must be 300 or more"),
        ({"crop_left": "nan"}, "Enter a number."),
        ({"crop_left": ""}, "This field is required."),
        ({"crop_bottom": "1000"}, "less than or equal to 100"),
    ],
)
def test_a_crop_that_cannot_be(as_alice, dark_photo, fields, sentence):
    crop = {
        "crop_left": "0",
        "crop_top": "0",
        "crop_right": "100",
        "crop_bottom": "100",
        **fields,
    }
    address = f"/photos/{dark_photo.pk}/repair/"
    response = as_alice.post(address, {"repair": "crop", **crop})
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert Photo.objects.count() == 1


def test_a_tool_that_is_none(as_alice, dark_photo):
    response = as_alice.post(f"/photos/{dark_photo.pk}/repair/", {"repair": "melt"})
    assert response.status_code == 422


def test_compose_shows_the_card_and_mends_with_the_choice_kept(
    as_alice, alice, dark_photo
):
    bottom = factories.garment("lower_body")
    address = f"/try-on/?photo={dark_photo.pk}&bottom={bottom.pk}"
    html = as_alice.get(address).content.decode()
    assert "A little dark" in html
    assert "Brighten it" in html
    response = as_alice.post(
        f"/photos/{dark_photo.pk}/repair/?next=compose",
        {"repair": "brighten", "photo": str(dark_photo.pk), "bottom": str(bottom.pk)},
    )
    made = alice.photos.exclude(pk=dark_photo.pk).get()
    assert response.url.startswith(f"/try-on/?photo={made.pk}&")
    assert f"bottom={bottom.pk}" in response.url


def test_the_card_knows_the_clothes(as_alice, alice):
    face = Image.open(openvto_assets() / "people" / "3_selfie.jpg").convert("RGB")
    photo = photo_of(alice, face)
    short = as_alice.get(f"/photos/{photo.pk}/report/").content.decode()
    long = as_alice.get(f"/photos/{photo.pk}/report/?kind=lower_body").content.decode()
    assert "Good to go" in short
    assert "to the ankles" in long


def test_what_was_made_from_it(as_alice, alice):
    done = factories.try_on(alice, Status.COMPLETED)
    html = as_alice.get(f"/photos/{done.photo.pk}/").content.decode()
    assert f"/try-on/{done.pk}/" in html
