"""500 hostile or odd files through the front door: a photo, or a sentence."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile as File

from tests import hostile
from tests.conftest import image_of
from tryon.models import Photo
from tryon.pictures import storage

pytestmark = [pytest.mark.anywhere, pytest.mark.timeout(400)]
JFIF = {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of broken EXIF
def test_each_is_a_photo_or_a_sentence(as_alice, alice):
    seen = taken = 0
    for name, data in hostile.corpus():
        seen += 1
        response = as_alice.post("/photos/", {"photo_file": File("x.jpg", data)})
        photo = Photo.objects.first()
        if response.status_code == 302:
            assert photo is not None, name
            taken += 1
            stored = image_of(storage.read(photo.file_name))
            assert (stored.format, stored.mode) == ("JPEG", "RGB"), name
            assert max(stored.size) <= 2048, name
            assert not stored.getexif(), name
            assert set(stored.info) <= JFIF, name
            photo.delete()
            continue
        assert response.status_code == 422, name
        assert 'class="error"' in response.content.decode(), name
        assert photo is None, name
    assert seen >= 500
    assert taken >= 50
