"""Bytes in, a safe JPEG out: verified, upright, sRGB, stripped, fitted.

Every picture that enters the house goes through `read`: uploads and results.
"""

import hashlib
import io
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

import pillow_heif
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from PIL import Image, ImageCms, ImageEnhance, ImageOps

from . import measuring

pillow_heif.register_heif_opener()
# `_check_pixels` refuses earlier, and says the limit.
Image.MAX_IMAGE_PIXELS = None

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF")

# Long sides in pixels; documentation, "Form Data": human image 2048px, garment 1024px.
PERSON_SIZE = 2048
GARMENT_SIZE = 1024
# The API does not say how large its results are; larger than this is not sane.
RESULT_SIZE = 4096
SHORTEST_SIDE = 300  # pixels, of an upload
SHORTEST_RESULT_SIDE = 64
RESULT_MEGAPIXELS = 64
RESULT_MB = 40
QUALITY = 90
RENDITION_WIDTHS = (480, 960)  # pixels

SRGB = ImageCms.createProfile("sRGB")

# What Pillow and libheif raise on broken or hostile bytes.
UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    ZeroDivisionError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)

# Decoding takes memory: two at a time in one process, the others wait.
DECODERS = threading.BoundedSemaphore(2)
LONGEST_WAIT = 20  # seconds


class PictureError(Exception):
    """This is not a picture we take; the message is a sentence for its sender."""


class Busy(Exception):
    """No decoder came free in time: answer 503 and let the sender try again."""


@dataclass(frozen=True)
class Picture:
    """A JPEG that may be stored, served and sent."""

    data: bytes
    width: int
    height: int
    mean_color: str
    source_sha256: str
    measured: dict[str, Any] = field(default_factory=dict)  # `measuring.Measured`


@dataclass(frozen=True)
class Limits:
    long_side: int  # pixels it is fitted to
    short_side: int  # pixels it must have
    megabytes: float
    megapixels: float
    person: bool | None = None  # a person, clothes, or nothing to be measured


def upload_limits(long_side: int, *, person: bool) -> Limits:
    return Limits(
        long_side,
        SHORTEST_SIDE,
        settings.TRYON_MAX_UPLOAD_MB,
        settings.TRYON_MAX_MEGAPIXELS,
        person,
    )


@contextmanager
def decoder(wait: float | None = None) -> Iterator[None]:
    """One of the two; raises `Busy` after `wait` seconds, by default 20."""
    if not DECODERS.acquire(timeout=LONGEST_WAIT if wait is None else wait):
        raise Busy
    try:
        yield
    finally:
        DECODERS.release()


def read_person(file: BinaryIO) -> Picture:
    """A customer's photo of a person, at most 2048 pixels on the long side.

    Raises `PictureError` with the sentence to show, `Busy` when overloaded.
    """
    return _read(file, upload_limits(PERSON_SIZE, person=True))


def read_garment(file: BinaryIO) -> Picture:
    """A picture of clothes, at most 1024 pixels on the long side; raises as above."""
    return _read(file, upload_limits(GARMENT_SIZE, person=False))


def read_result(data: bytes) -> Picture:
    """What the API delivered, at most 4096 pixels on the long side; raises as above."""
    limits = Limits(RESULT_SIZE, SHORTEST_RESULT_SIDE, RESULT_MB, RESULT_MEGAPIXELS)
    return _read(io.BytesIO(data), limits)


def rendition(data: bytes, width: int) -> bytes:
    """A WebP of `width` pixels, or of the picture's own width if that is less.

    Raises `Busy` at once: renditions can wait, a look that they hold up cannot.
    """
    with decoder(wait=0.01), Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        image.thumbnail((width, image.height * width), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        image.save(out, "WEBP", quality=80, method=4)
        return out.getvalue()


@dataclass(frozen=True)
class Repair:
    """What a customer may mend before it is sent; applied in this order."""

    turn: int = 0  # degrees counter-clockwise: 90, 180 or 270
    crop: tuple[float, float, float, float] = (0, 0, 1, 1)  # left, top, right, bottom
    brighten: bool = False


def repaired(data: bytes, repair: Repair) -> Picture:
    """A stored photo, mended. Raises `PictureError` if too little is left, `Busy`."""
    with decoder(), Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        made: Image.Image = image.convert("RGB")
        if repair.turn:
            made = made.transpose(TURNS[repair.turn])
        left, top, right, bottom = repair.crop
        width, height = made.size
        made = made.crop(
            (
                round(left * width),
                round(top * height),
                round(right * width),
                round(bottom * height),
            )
        )
        _check_pixels(made, upload_limits(PERSON_SIZE, person=True))
        if repair.brighten:
            made = _brightened(made)
        encoded = _encode(made, "", person=True)
    return replace(encoded, source_sha256=hashlib.sha256(encoded.data).hexdigest())


TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}
BRIGHT = 215  # of 255, where a sound photo's brightest tenth begins


def _brightened(image: Image.Image) -> Image.Image:
    """So that its light parts are light; the lightest are not clipped."""
    histogram = image.convert("L").histogram()
    seen, light = 0, 255
    for light in range(255, 0, -1):
        seen += histogram[light]
        if seen > image.width * image.height / 10:
            break
    return ImageEnhance.Brightness(image).enhance(min(max(BRIGHT / light, 1), 4))


# What IPTC calls a picture that a model made from a photograph.
XMP = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def labelled(jpeg: bytes) -> bytes:
    """A stored JPEG with the label that it was made by a model; pixels untouched."""
    segment = b"http://ns.adobe.com/xap/1.0/\0" + XMP
    size = (len(segment) + 2).to_bytes(2, "big")
    return jpeg[:2] + b"\xff\xe1" + size + segment + jpeg[2:]


def not_readable() -> PictureError:
    return PictureError(
        _(
            "That file is not a picture we can read. "
            "Use a JPEG, PNG, WebP, HEIC or AVIF."
        )
    )


def _read(file: BinaryIO, limits: Limits) -> Picture:
    sha256 = _check_bytes(file, limits.megabytes)
    with decoder():
        try:
            with Image.open(file, formats=FORMATS) as image:
                _check_pixels(image, limits)
                _believe_exif(image, file)
                clean = _normalise(image, limits.long_side)
            return _encode(clean, sha256, limits.person)
        except UNREADABLE as error:
            raise not_readable() from error


def _check_bytes(file: BinaryIO, limit: float) -> str:
    size = file.seek(0, io.SEEK_END)
    if size == 0:
        raise PictureError(_("That file is empty. Choose another."))
    if size > limit * 1024 * 1024:
        raise PictureError(
            _("This picture is over %(limit)g MB. Choose a smaller one.")
            % {"limit": limit}
        )
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    return digest


def _check_pixels(image: Image.Image, limits: Limits) -> None:
    width, height = image.size
    limit, short_side = limits.megapixels, limits.short_side
    if width * height > limit * 1_000_000:
        raise PictureError(
            ngettext(
                "This picture is %(width)d × %(height)d pixels, over %(limit)g "
                "megapixel. Choose a smaller one.",
                "This picture is %(width)d × %(height)d pixels, over %(limit)g "
                "megapixels. Choose a smaller one.",
                1 if limit == 1 else 2,  # it may be a fraction
            )
            % {"width": width, "height": height, "limit": limit}
        )
    shrunk = min(1.0, limits.long_side / max(width, height))
    if min(width, height) >= short_side > min(width, height) * shrunk:
        raise PictureError(
            _(
                "This picture is %(width)d × %(height)d pixels, too narrow for its "
                "length. Crop it to the person or the piece."
            )
            % {"width": width, "height": height}
        )
    if min(width, height) < short_side:
        raise PictureError(
            _(
                "This picture is only %(width)d × %(height)d pixels; each side must "
                "be %(least)d or more."
            )
            % {"width": width, "height": height, "least": short_side}
        )


def _believe_exif(image: Image.Image, file: BinaryIO) -> None:
    """A HEIF container turns its picture itself; if it does not say how, EXIF does."""
    orientation = image.info.get("original_orientation")
    if image.format != "HEIF" or orientation is None:
        return
    file.seek(0)
    boxes = file.read(64 * 1024)
    if b"irot" not in boxes and b"imir" not in boxes:
        image.getexif()[0x0112] = orientation


def _normalise(image: Image.Image, long_side: int) -> Image.Image:
    size = (long_side, long_side)
    if image.format in ("JPEG", "MPO"):
        # Before load: libjpeg then decodes at a fraction of the size.
        image.thumbnail(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    image.load()
    clean = _to_rgb(ImageOps.exif_transpose(image))
    clean.thumbnail(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    clean.info.clear()
    return clean


def _to_rgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):  # 16 bits a sample: Pillow would clip, not scale
        image = image.point(lambda value: value / 256).convert("L")
    if image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode == "RGBA":
        opaque = Image.new("RGB", image.size, "white")
        opaque.paste(image, mask=image.getchannel("A"))
        image = opaque
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            # A broken or foreign profile: the plain conversion is the best guess.
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


def _encode(image: Image.Image, sha256: str, person: bool | None) -> Picture:
    measured = {}
    if person is not None:
        measured = measuring.measure(image, person=person).as_json()
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    pixel = image.resize((1, 1), Image.Resampling.BOX, reducing_gap=1.0)
    red, green, blue = pixel.tobytes()
    return Picture(
        data=out.getvalue(),
        width=image.width,
        height=image.height,
        mean_color=f"#{red:02x}{green:02x}{blue:02x}",
        source_sha256=sha256,
        measured=measured,
    )
