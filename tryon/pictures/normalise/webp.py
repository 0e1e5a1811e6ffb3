"""WebP: what is not a frame is read or dropped."""

import struct
from collections.abc import Iterator

from . import exif
from .container import Container

FRAMES = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"}
DROPPED = 0x20 | 0x08 | 0x04  # what VP8X says of a profile, EXIF and XMP


def matches(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def read(data: bytes) -> Container:
    container = Container("WEBP", data)
    (size,) = struct.unpack_from("<I", data, 4)
    container.cut = size + 8 > len(data)
    chunks = list[bytes]()
    for kind, start, end in _chunks(data):
        if kind == b"VP8X" and end - start == 18:
            flags = bytes([data[start + 8] & ~DROPPED])
            chunks.append(data[start : start + 8] + flags + data[start + 9 : end])
        elif kind in FRAMES:
            chunks.append(data[start:end])
        elif kind == b"EXIF":
            container.orientation = exif.orientation(data[start + 8 : end])
        elif kind == b"ICCP":
            container.profile = data[start + 8 : end]
    container.size = _size(chunks[0]) if chunks else None
    body = b"WEBP" + b"".join(chunks)
    container.data = b"RIFF" + struct.pack("<I", len(body)) + body
    return container


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and padded end; of the last as much as there is."""
    at = 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        end = min(at + 8 + length + length % 2, len(data))
        yield kind, at, end
        at = end


def _size(chunk: bytes) -> tuple[int, int] | None:
    """What the first one says."""
    kind, body = chunk[:4], chunk[8:18]
    if len(body) < 10:
        return None
    if kind == b"VP8X":
        width, height = body[4:7], body[7:10]
        return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = body[6:8], body[8:10]
    return (
        int.from_bytes(width, "little") & 0x3FFF,
        int.from_bytes(height, "little") & 0x3FFF,
    )
