"""What a file says about its picture, and the bytes that its decoder shall see.

A decoder gets the pixels and what it needs to draw them. Everything else is read here,
where an odd tag costs nothing, or thrown away.
"""

from dataclasses import dataclass

from .colour import Colour


@dataclass
class Container:
    format: str  # Pillow's name of its decoder
    data: bytes  # without what is thrown away
    orientation: int = 1  # EXIF's, 1 to 8; what is left to do to the decoder's pixels
    profile: bytes | None = None  # ICC
    colour: Colour | None = None  # what the container says beside a profile
    key: tuple[int, ...] | None = None  # the sample values that mean transparent
    size: tuple[int, int] | None = None  # where it must be known before it is opened
    cut: bool = False  # the file ends before it should
    # Bytes of every pixel that are kept beside what is usual: a JPEG whose parts come
    # in several scans is held whole, at whatever fraction it is read.
    held: float = 0
