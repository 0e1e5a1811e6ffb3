"""From a file to pixels: upright, sRGB, on a ground, and no larger than asked.

The memory that this takes is reckoned, and taken, before the decoder begins.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import numpy as np
import pillow_heif
from PIL import Image

from . import exif, heif, jpeg, png, webp
from .colour import to_srgb
from .container import Container
from .errors import UNREADABLE, not_readable, not_whole
from .ground import on_ground
from .limits import Limits, check_pixels

pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
# `check_pixels` refuses earlier, and says the limit.
Image.MAX_IMAGE_PIXELS = None

MEGABYTE = 1024 * 1024
# Beside the decoder: the fitted copy, of 2048 by 2048 at the most, and its encoding.
FITTED = 5 * 2048 * 2048
# Bytes a pixel, at the most, of what is drawn into; else four.
MODES = {"1": 1, "L": 1, "P": 1, "I;16": 2}
# The decoder's own bytes a pixel beside these, as `tests.bench.memory` shows.
DECODERS = {"WEBP": 12.5, "HEIF": 5.0, "AVIF": 8.0}
STRIP = 2_000_000  # pixels that are converted at once
ROOMY = 16_000_000  # pixels; up to here quality comes before memory
PLAIN = ("RGB", "L", "CMYK")  # are resized as they are
FRACTIONS = (1, 2, 4, 8)  # at which libjpeg reads
ENOUGH = 0.9  # of the rows of a picture that was cut
GREY = range(126, 131)  # what libjpeg draws where it has nothing

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Key = tuple[int, ...] | None
# Holds the megabytes for a picture of this size. Raises `Busy`, `PictureError`.
Room = Callable[[float, tuple[int, int]], AbstractContextManager[None]]


def read(data: bytes, limits: Limits, room: Room) -> Image.Image:
    """Raises `PictureError`, `Busy`."""
    cut, failed = False, None
    try:
        for container in _attempts(data):
            try:
                return _finished(_decoded(container, limits, room), container)
            except UNREADABLE as error:
                cut, failed = cut or container.cut, error
    except UNREADABLE as error:
        failed = error
    raise (not_whole() if cut else not_readable()) from failed


def _attempts(data: bytes) -> Iterator[Container]:
    """As its content tells; the next one is for where a decoder could not read it."""
    if jpeg.matches(data):
        yield jpeg.read(data)
    elif png.matches(data):
        yield (container := png.read(data))
        yield png.shortened(container)
    elif webp.matches(data):
        yield webp.read(data)
    elif data.startswith(b"GIF8"):
        yield Container("GIF", data, cut=not data.rstrip(b"\0").endswith(b";"))
    elif heif.matches(data):
        yield from heif.read(data)


def _decoded(container: Container, limits: Limits, room: Room) -> Image.Image:
    """Fitted; as it lies in the file, in its own colours."""
    if container.size is not None:
        # Its decoder takes memory when it is opened.
        check_pixels(container.size, limits)
    with Image.open(io.BytesIO(container.data), formats=[container.format]) as image:
        size = image.size
        is_jpeg = container.format == "JPEG"
        fraction = _fraction(size, limits.long_side) if is_jpeg else 1
        check_pixels(size, limits, fraction)
        if fraction > 1:
            image.draft(None, (size[0] // fraction, size[1] // fraction))
        bytes_ = container.held * size[0] * size[1] + _bytes(image, limits.long_side)
        # EXIF is out of its sight: this is what the boxes say.
        if container.format == "AVIF" and "exif" in image.info:
            container.orientation = exif.orientation(image.info["exif"])
        with room((bytes_ + 4 * len(container.data)) / MEGABYTE, size):
            image.load()
            sound: Image.Image = image
            if is_jpeg and container.cut:
                sound = _sound_rows(image)
                check_pixels(sound.size, limits)
            return _fitted(sound, container.key, limits.long_side)


def _fraction(size: tuple[int, int], long_side: int) -> int:
    """The least that is roomy, or costs no quality; never below what is asked."""
    longest, pixels = max(size), size[0] * size[1]
    most = max(one for one in FRACTIONS if one == 1 or longest // one >= long_side)
    free = max(one for one in FRACTIONS if one == 1 or longest // one >= 3 * long_side)
    roomy = next((one for one in FRACTIONS if pixels / one**2 <= ROOMY), most)
    return max(free, min(roomy, most))


def _shrinking(size: tuple[int, int], long_side: int) -> int:
    """By how much a side is cut before it is resized well."""
    gap = 3 if size[0] * size[1] <= ROOMY else 1.5
    return max(1, int(max(size) / long_side / gap))


def _bytes(image: Image.Image, long_side: int) -> float:
    """The most that decoding and fitting this takes, beside the file."""
    pixels = image.width * image.height
    each = MODES.get(image.mode, 4) + DECODERS.get(image.format or "", 0)
    by = _shrinking(image.size, long_side)
    small = pixels / by**2
    if image.mode in PLAIN:
        return pixels * each + 4 * (long_side * image.height if by == 1 else small)
    return max(pixels * each + 4 * small + 16 * STRIP, 12 * small)


def _sound_rows(image: Image.Image) -> Image.Image:
    """Without the grey where the file ended. Raises `PictureError` if that is much."""
    height, step = image.height, 8
    sound = height
    while sound > 0:
        strip = image.crop((0, max(sound - step, 0), image.width, sound))
        extrema = strip.getextrema()
        pairs = extrema if isinstance(extrema[0], tuple) else (extrema,)
        if not all(low in GREY and high in GREY for low, high in pairs):
            break
        sound -= step
    if sound < height:
        sound -= step  # where it becomes grey in the middle of a row of blocks
    if sound < height * ENOUGH:
        raise not_whole()
    return image.crop((0, 0, image.width, sound))


def _fitted(image: Image.Image, key: Key, long_side: int) -> Image.Image:
    size = (long_side, long_side)
    if key is None and image.mode in PLAIN and "transparency" not in image.info:
        gap = 3.0 if image.width * image.height <= ROOMY else 1.5
        image.thumbnail(size, Image.Resampling.LANCZOS, reducing_gap=gap)
        return image.copy()  # the file's own image is closed
    by = _shrinking(image.size, long_side)
    reduced = Image.new("RGBA", (-(-image.width // by), -(-image.height // by)))
    rows = max(1, STRIP // image.width // by) * by
    for top in range(0, image.height, rows):
        below = min(top + rows, image.height)
        strip = _rgba(image.crop((0, top, image.width, below)), key)
        reduced.paste(strip.reduce(by) if by > 1 else strip, (0, top // by))
    image.close()  # the next step takes as much again
    reduced.thumbnail(size, Image.Resampling.LANCZOS)
    return reduced


def _rgba(image: Image.Image, key: Key) -> Image.Image:
    if key is None and not image.mode.startswith("I"):
        return image.convert("RGBA")
    samples = np.asarray(image.convert("L") if image.mode == "1" else image)
    if key is None:
        clear = np.zeros(samples.shape[:2], bool)
    else:
        clear = (
            samples == key[0] if samples.ndim == 2 else (samples == key).all(axis=-1)
        )
    if image.mode.startswith("I"):  # 16 bits a sample: Pillow would clip, not scale
        samples = (samples >> 8).astype(np.uint8)
    rgba = Image.fromarray(samples).convert("RGBA")
    rgba.putalpha(Image.fromarray(np.where(clear, 0, 255).astype(np.uint8)))
    return rgba


def _finished(image: Image.Image, container: Container) -> Image.Image:
    """Upright, in sRGB, on a ground. Raises `PictureError`."""
    if container.orientation in UPRIGHT:
        image = image.transpose(UPRIGHT[container.orientation])
    if image.mode != "RGBA":
        image = to_srgb(image, container.profile, container.colour)
    else:
        alpha = image.getchannel("A")
        image = to_srgb(image.convert("RGB"), container.profile, container.colour)
        image = on_ground(image, alpha)
    image.info.clear()
    return image
