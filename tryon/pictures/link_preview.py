"""The small picture that a messenger shows beside a shared link."""

import io

from PIL import Image

from . import normalise

LONG_SIDE = 1200  # pixels
# WhatsApp shows none that is larger, and no WebP.
MOST_BYTES = 300_000
# The last is below the limit for noise too, so that the size in pixels never depends
# on what is in the picture.
QUALITIES = (82, 60, 40, 20, 10)
LONGEST_WAIT = 2  # seconds; whoever fetches it comes again


def fit_size(width: int, height: int) -> tuple[int, int]:
    """Of the preview of a picture of this size; never larger than the picture."""
    scale = min(1, LONG_SIDE / max(width, height))
    return max(round(width * scale), 1), max(round(height * scale), 1)


def make_preview(data: bytes) -> bytes:
    """A JPEG of a stored picture, labelled as made by a model.

    Raises `normalise.Busy`.
    """
    with (
        normalise.decoder(LONGEST_WAIT),
        Image.open(io.BytesIO(data), formats=["JPEG"]) as image,
    ):
        fitted = fit_size(*image.size)
        image.draft("RGB", fitted)  # decoded at a fraction already
        small = image.convert("RGB")
        small = small.resize(fitted, Image.Resampling.LANCZOS, reducing_gap=3.0)
    preview = b""
    for quality in QUALITIES:
        preview = normalise.labelled(_encode(small, quality))
        if len(preview) < MOST_BYTES:
            break
    return preview


def _encode(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
