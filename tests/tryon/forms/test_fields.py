"""What forms keep: nothing of a picture once it is stored or refused."""

import gc
import io
import uuid
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from tests import factories
from tryon.models import Photo
from tryon.pictures import normalise

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    """Only what nothing refers to goes, as between two rare collections."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def alive(kind: type) -> int:
    """By type alone: to ask a lazy object for its class would call it."""
    return sum(issubclass(type(one), kind) for one in gc.get_objects())


def upload(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("x.jpg", data, "image/jpeg")


@pytest.mark.parametrize("address", ["/photos/", "/garments/", "/try-on/"])
def test_a_stored_picture_is_not_kept(as_alice: Client, address: str) -> None:
    before = alive(normalise.Picture)
    token = str(uuid.uuid4())
    fields = {"consent": "on", "garment_kind": "upper_body", "token": token}
    files = {
        "photo_file": upload(factories.picture_bytes()),
        "garment_file": upload(factories.picture_bytes()),
    }
    assert as_alice.post(address, {**fields, **files}).status_code == 302
    assert alive(normalise.Picture) == before


def test_a_half_read_picture_is_not_kept(as_alice: Client) -> None:
    before = alive(Image.Image)
    whole = io.BytesIO()
    Image.effect_noise((900, 900), 60).save(whole, "JPEG")
    cut = whole.getvalue()[: len(whole.getvalue()) // 2]
    page = as_alice.post("/photos/", {"consent": "on", "photo_file": upload(cut)})
    assert page.status_code == 422
    assert not Photo.objects.exists()
    assert alive(Image.Image) == before
