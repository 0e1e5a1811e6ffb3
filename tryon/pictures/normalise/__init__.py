"""Bytes in, a safe JPEG out: verified, upright, sRGB, stripped, fitted.

Every picture that enters the house goes through `read_person`, `read_garment` or
`read_result`. What is in here:

    container           what a file says, and the bytes its decoder shall see:
    jpeg png webp heif  the formats' own (GIF says nothing)
    exif colour         the two things that are read and obeyed
    decoding ground     to pixels; limits, memory: within bounds
    encoding mending    from pixels
"""

import contextlib
import hashlib
import io
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from django.conf import settings

from . import decoding, encoding, mending
from .encoding import QUALITY, Picture, labelled
from .errors import UNREADABLE, Busy, PictureError
from .limits import Limits, check_bytes, too_much
from .memory import Memory
from .mending import Repair

__all__ = [
    "GARMENT_SIZE",
    "PERSON_SIZE",
    "QUALITY",
    "RENDITION_WIDTHS",
    "UNREADABLE",
    "Busy",
    "Limits",
    "Picture",
    "PictureError",
    "Repair",
    "decoder",
    "get_upload_limits",
    "labelled",
    "make_rendition",
    "read_garment",
    "read_person",
    "read_result",
    "repair",
]

# Long sides in pixels; documentation, "Form Data": human image 2048px, garment 1024px.
PERSON_SIZE = 2048
GARMENT_SIZE = 1024
# The API does not say how large its results are; larger than this is not sane.
RESULT_SIZE = 4096
SHORTEST_SIDE = 300  # pixels, of an upload
SHORTEST_RESULT_SIDE = 64
RESULT_MEGAPIXELS = 64
RESULT_MB = 40
RENDITION_WIDTHS = (480, 960)  # pixels

# Decoding takes a core: two at a time in one process, the others wait. And it takes
# memory: megabytes of all that are decoded at the same time. With two processes at
# their most (web and worker) a machine of 2 GB lives.
DECODERS = threading.BoundedSemaphore(2)
MEMORY = Memory(700)
LONGEST_WAIT = 20  # seconds


def get_upload_limits(long_side: int, *, person: bool) -> Limits:
    return Limits(
        long_side,
        SHORTEST_SIDE,
        settings.TRYON_MAX_UPLOAD_MB,
        settings.TRYON_MAX_MEGAPIXELS,
        person,
    )


@contextlib.contextmanager
def decoder(wait: float | None = None) -> Iterator[None]:
    """One of the two; raises `Busy` after `wait` seconds, by default 20."""
    if not DECODERS.acquire(timeout=LONGEST_WAIT if wait is None else wait):
        raise Busy
    try:
        yield
    finally:
        DECODERS.release()


@contextlib.contextmanager
def _room(megabytes: float, size: tuple[int, int]) -> Iterator[None]:
    """Memory for a picture. Raises `Busy`, and `PictureError` if there never is."""
    if megabytes > MEMORY.most:
        raise too_much(size)
    with MEMORY.taken(megabytes, LONGEST_WAIT):
        yield


def read_person(file: BinaryIO) -> Picture:
    """A customer's photo of a person, at most 2048 pixels on the long side.

    Raises `PictureError` with the sentence to show, `Busy` when overloaded.
    """
    return _read(file, get_upload_limits(PERSON_SIZE, person=True))


def read_garment(file: BinaryIO) -> Picture:
    """A picture of clothes, at most 1024 pixels on the long side; raises as above."""
    return _read(file, get_upload_limits(GARMENT_SIZE, person=False))


def read_result(data: bytes) -> Picture:
    """What the API delivered, at most 4096 pixels on the long side; raises as above."""
    limits = Limits(RESULT_SIZE, SHORTEST_RESULT_SIDE, RESULT_MB, RESULT_MEGAPIXELS)
    return _read(io.BytesIO(data), limits)


def _read(file: BinaryIO, limits: Limits) -> Picture:
    sha256 = check_bytes(file, limits.megabytes)
    with decoder():
        image = decoding.read(file.read(), limits, _room)
        return encoding.encode(image, sha256, limits.person)


def make_rendition(data: bytes, width: int) -> bytes:
    """A WebP of `width` pixels, or of the picture's own width if that is less.

    Raises `Busy` at once: renditions can wait, a poll that they hold up cannot.
    """
    with decoder(wait=0.01):
        return encoding.webp(data, width)


def repair(data: bytes, repair: Repair) -> Picture:
    """A stored photo, mended. Raises `PictureError` if too little is left, `Busy`."""
    limits = get_upload_limits(PERSON_SIZE, person=True)
    with decoder():
        image = mending.mend(data, repair, limits)
        encoded = encoding.encode(image, "", person=True)
    return replace(encoded, source_sha256=hashlib.sha256(encoded.data).hexdigest())
