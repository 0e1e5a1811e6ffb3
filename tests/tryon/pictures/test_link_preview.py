import io
import os

import pytest
from PIL import Image

from tests.factories import picture_bytes
from tryon.pictures import link_preview, normalise

pytestmark = pytest.mark.anywhere


def noise(width: int, height: int) -> bytes:
    image = Image.frombytes("RGB", (width, height), os.urandom(width * height * 3))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


@pytest.mark.parametrize(
    "made",
    [
        lambda: picture_bytes(300, 400),
        lambda: picture_bytes(2000, 3000),
        lambda: picture_bytes(4096, 64),
        lambda: picture_bytes(64, 3001, mode="L"),
        lambda: noise(1200, 1200),
        lambda: noise(2401, 2399),
    ],
    ids=["small", "large", "wide", "grey", "noise", "large noise"],
)
def test_small_enough_for_messengers_and_of_the_size_that_was_told(made):
    data = made()
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
    shown = link_preview.make_preview(data)
    assert len(shown) < link_preview.MOST_BYTES == 300_000
    with Image.open(io.BytesIO(shown)) as image:
        image.load()
        assert (image.format, image.mode) == ("JPEG", "RGB")
        assert image.size == link_preview.fit_size(width, height)
        assert max(image.size) <= link_preview.LONG_SIDE
        assert image.width <= width and image.height <= height
        assert "exif" not in image.info
    assert b"compositeWithTrainedAlgorithmicMedia" in shown


def test_it_waits_for_a_decoder_as_all_do(monkeypatch):
    monkeypatch.setattr(link_preview, "LONGEST_WAIT", 0.01)
    with normalise.decoder(), normalise.decoder(), pytest.raises(normalise.Busy):
        link_preview.make_preview(picture_bytes())
