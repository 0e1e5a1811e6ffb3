"""A preview of the outfit from the pictures that were sent: honest, not clever.

The garment is cut from its plain background and laid on the part of the body that
it belongs to. Large letters say that this is the sandbox.
"""

import io
from functools import cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

# Where a kind of garment hangs on somebody who stands in the middle, as shares of the
# picture: its upper edge, and the most it may be wide and high.
PLACES = {
    "upper_body": (0.205, 0.46, 0.52),
    "lower_body": (0.535, 0.36, 0.41),
    "full_body": (0.205, 0.52, 0.64),
}
WORK = 256  # pixels: masks are found on a small copy
LABEL = "SANDBOX PREVIEW"


def compose(
    human: bytes, cloth: bytes, bottom: bytes | None, garment_type: str
) -> bytes:
    """A JPEG of the human's size."""
    person = Image.open(io.BytesIO(human)).convert("RGB")
    if bottom is not None:
        _lay(person, bottom, "lower_body")
        _lay(person, cloth, "upper_body")
    else:
        _lay(person, cloth, garment_type)
    _label(person)
    out = io.BytesIO()
    person.save(out, "JPEG", quality=88)
    return out.getvalue()


@cache
def plain() -> bytes:
    """One prepared picture, for benchmarks that must not spend time on pictures."""
    image = Image.new("RGB", (384, 512), "#d9d4cc")
    _label(image)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def blank(format: str, size: tuple[int, int]) -> bytes:
    """A picture of another format or size than anybody expects."""
    out = io.BytesIO()
    Image.new("RGB", size, "#d9d4cc").save(out, format)
    return out.getvalue()


def _lay(person: Image.Image, garment: bytes, kind: str) -> None:
    cut = _cut_out(Image.open(io.BytesIO(garment)).convert("RGB"))
    if cut is None:
        return
    start, most_wide, most_high = PLACES[kind]
    scale = min(
        person.width * most_wide / cut.width, person.height * most_high / cut.height
    )
    cut = cut.resize(
        (max(round(cut.width * scale), 1), max(round(cut.height * scale), 1)),
        Image.Resampling.LANCZOS,
    )
    x = (person.width - cut.width) // 2
    person.paste(cut, (x, int(person.height * start)), cut)


def _cut_out(garment: Image.Image) -> Image.Image | None:
    """The garment on transparent ground, cropped; None if nothing stands out."""
    mask = ImageChops.invert(_background(garment))
    mask = mask.resize(garment.size, Image.Resampling.BICUBIC)
    mask = mask.filter(ImageFilter.GaussianBlur(garment.width / 400))
    mask = mask.point(lambda value: max(0, min(255, (value - 96) * 4)))
    box = mask.getbbox()
    if box is None:
        return None
    garment = garment.copy()
    garment.putalpha(mask)
    return garment.crop(box)


def _background(image: Image.Image) -> Image.Image:
    """White where the ground is: what can be reached from the corners by colour."""
    small = image.copy()
    small.thumbnail((WORK, WORK), Image.Resampling.BOX)
    marker = (255, 0, 254)
    # As much as the ground itself varies along the upper edge, and a little more.
    edge = small.crop((0, 0, small.width, 2))
    tolerance = 9 + sum(
        max(band.tobytes()) - min(band.tobytes()) for band in edge.split()
    )
    for corner in (
        (0, 0),
        (small.width - 1, 0),
        (0, small.height - 1),
        (small.width - 1, small.height - 1),
    ):
        if small.getpixel(corner) != marker:
            ImageDraw.floodfill(small, corner, marker, thresh=min(tolerance, 60))
    channels = [
        ImageChops.difference(band, Image.new("L", small.size, value)).point(
            lambda difference: 0 if difference else 255
        )
        for band, value in zip(small.split(), marker, strict=True)
    ]
    return ImageChops.darker(ImageChops.darker(channels[0], channels[1]), channels[2])


def _label(image: Image.Image) -> None:
    draw = ImageDraw.Draw(image, "RGBA")
    font = ImageFont.load_default(size=max(image.width // 32, 9))
    band = image.width // 12
    y = image.height - 2 * band
    draw.rectangle((0, y, image.width, y + band), fill=(23, 24, 26, 170))
    for share in (1 / 4, 3 / 4):  # a before/after slider hides one half
        at = (image.width * share, y + band / 2)
        draw.text(at, LABEL, "white", font=font, anchor="mm")
