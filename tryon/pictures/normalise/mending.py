"""What a customer may mend in a photo before it is sent."""

import io
from dataclasses import dataclass

from PIL import Image, ImageEnhance

from .limits import Limits, check_pixels


@dataclass(frozen=True)
class Repair:
    """Applied in this order."""

    turn: int = 0  # degrees counter-clockwise: 90, 180 or 270
    crop: tuple[float, float, float, float] = (0, 0, 1, 1)  # left, top, right, bottom
    brighten: bool = False


def mend(data: bytes, repair: Repair, limits: Limits) -> Image.Image:
    """Raises `PictureError` if too little is left."""
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        mended: Image.Image = image.convert("RGB")
    if repair.turn:
        mended = mended.transpose(TURNS[repair.turn])
    left, top, right, bottom = repair.crop
    width, height = mended.size
    mended = mended.crop(
        (
            round(left * width),
            round(top * height),
            round(right * width),
            round(bottom * height),
        )
    )
    check_pixels(mended.size, limits)
    return _brightened(mended) if repair.brighten else mended


TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}
BRIGHT = 215  # of 255, where a sound photo's brightest tenth begins


def _brightened(image: Image.Image) -> Image.Image:
    """So that its light parts are light; the lightest are not clipped."""
    histogram = image.convert("L").histogram()
    pixels, light = 0, 255
    for light in range(255, 0, -1):
        pixels += histogram[light]
        if pixels > image.width * image.height / 10:
            break
    return ImageEnhance.Brightness(image).enhance(min(max(BRIGHT / light, 1), 4))
