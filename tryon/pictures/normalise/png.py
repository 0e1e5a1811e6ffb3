"""PNG: the pixels' chunks are kept and written anew, the others read or dropped.

A decoder would unpack texts and profiles of any size and stop at the first that is odd.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from . import colour, exif
from .colour import Primaries
from .container import Container
from .errors import not_readable, not_whole

SIGNATURE = b"\x89PNG\r\n\x1a\n"
NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
HEAD = struct.Struct(">IIBBBBB")
GREY, TRUE, INDEXED = 0, 2, 3
CHANNELS = {GREY: 1, TRUE: 3, INDEXED: 1, 4: 2, 6: 4}
LETTERS = re.compile(rb"[A-Za-z]{4}")
NAMES = (
    *NEEDED,
    *(b"eXIf", b"iCCP", b"cICP", b"sRGB", b"gAMA", b"cHRM", b"sBIT", b"bKGD", b"pHYs"),
    *(b"tEXt", b"zTXt", b"iTXt", b"tIME", b"hIST", b"sPLT", b"acTL", b"fcTL", b"fdAT"),
)
KNOWN = re.compile(b"|".join(NAMES))
ENOUGH = 0.9  # of the rows
STEP = 16 * 1024  # bytes


class Chunk(NamedTuple):
    kind: bytes
    body: bytes
    sound: bool  # its check sum is right


def matches(data: bytes) -> bool:
    return data.startswith(SIGNATURE) or data[12:16] == b"IHDR"


def read(data: bytes) -> Container:
    """Raises `PictureError`."""
    head, palette, clear, packed, ended = b"", b"", b"", list[bytes](), False
    container = Container("PNG", b"")
    gamma, points, plain, numbered, turned = 0.0, None, False, False, False
    for kind, body, sound in _chunks(data):
        if not head:  # it is always the first
            head = body if sound else _mended(body, data)
        elif kind == b"IDAT":
            packed.append(body)
        elif kind == b"PLTE":
            palette = body
        elif kind == b"tRNS":
            clear = body
        elif kind == b"IEND":
            ended = True
        elif kind == b"eXIf":
            container.orientation, turned = exif.orientation(body), True
        elif not sound:
            continue
        elif kind == b"iCCP":
            container.profile = _profile(body)
        elif kind == b"cICP" and len(body) == 4:
            container.colour, numbered = colour.of_numbers(body[0], body[1]), True
        elif kind == b"sRGB":
            plain = True
        elif kind == b"gAMA" and len(body) == 4:
            gamma = int.from_bytes(body, "big") / 100_000
        elif kind == b"cHRM" and len(body) == 32:
            points = _points(body)
    if not turned:
        container.orientation = exif.orientation(exif.lost(data, data.find(b"IDAT")))
    if len(head) != HEAD.size or not any(packed):
        raise not_whole()
    if numbered:
        container.profile = None  # `cICP` goes before it
    elif gamma and not plain:
        container.colour = colour.of_chunks(gamma, points)
    container.cut = not ended
    _width, _height, bits, kind_, *_rest = HEAD.unpack(head)
    if kind_ in (GREY, TRUE) and len(clear) >= 2 * CHANNELS[kind_]:
        container.key = _key(clear, bits, CHANNELS[kind_])
    if kind_ != INDEXED:
        clear = b""
    container.data = _written(head, palette, clear[:256], packed)
    return container


def shortened(container: Container) -> Container:
    """Its rows as far as they go. Raises `PictureError` where too many are missing."""
    chunks = [chunk for chunk in _chunks(container.data) if chunk.kind != b"IEND"]
    head, packed = chunks[0].body, chunks[-1].body
    width, height, bits, kind, *_rest, laced = HEAD.unpack(head)
    if laced or kind not in CHANNELS or bits not in (1, 2, 4, 8, 16):
        raise not_whole()
    row = 1 + (width * bits * CHANNELS[kind] + 7) // 8
    rows, again = _unpacked(packed, row, height)
    if rows < height * ENOUGH:
        raise not_whole()
    container.data = _written(
        struct.pack(">II", width, rows) + head[8:],
        next((chunk.body for chunk in chunks if chunk.kind == b"PLTE"), b""),
        next((chunk.body for chunk in chunks if chunk.kind == b"tRNS"), b""),
        [again],
    )
    return container


def _unpacked(packed: bytes, row: int, height: int) -> tuple[int, bytes]:
    """How many rows there are, and those packed again.

    A little at a time: a megabyte may hold a gigabyte. Raises `PictureError` if it does
    not end too early but is something else.
    """
    opened = zlib.decompressobj(-15)  # without the check sum, which comes last
    closed = zlib.compressobj(1)
    room, behind, again = row * height, 0, list[bytes]()
    try:
        for at in range(2, len(packed), STEP):
            left = packed[at : at + STEP]
            while left and room and not opened.eof:
                piece = opened.decompress(left, min(STEP, room))
                left, room = opened.unconsumed_tail, room - len(piece)
                again.append(closed.compress(piece))
            if not room or opened.eof:
                behind = len(packed) - at - STEP + len(left) + len(opened.unused_data)
                break
    except zlib.error as error:
        raise not_readable() from error
    if room and opened.eof:
        raise not_readable()
    if not room and behind >= 4:
        raise not_readable()  # it is all there, with another check sum
    rows = height - -(-room // row)
    return rows, b"".join([*again, closed.flush()])


def _chunks(data: bytes) -> Iterator[Chunk]:
    """All; where a length or a name is wrong, on from the next that is right."""
    at = 8
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if at == 8:
            length, kind = HEAD.size, b"IHDR"  # it always is
        end = at + 12 + length
        follows = at == 8 or end == len(data) or LETTERS.match(data, end + 4)
        if not follows or not LETTERS.match(kind):
            end = _next(data, at + 8)
        body, check = data[at + 8 : end - 4], data[end - 4 : end]
        if end > len(data):
            body, check = data[at + 8 :], b""
        kind, sound = _meant(kind, body, check)
        yield Chunk(kind, body, sound)
        if kind == b"IEND":
            return
        at = end


def _next(data: bytes, at: int) -> int:
    """Where a chunk begins whose check sum is right; past the end if none does."""
    for match in KNOWN.finditer(data, at + 4):
        start = match.start() - 4
        length = int.from_bytes(data[start : start + 4], "big")
        body, end = data[start + 8 : start + 8 + length], start + 12 + length
        check = int.from_bytes(data[end - 4 : end], "big")
        if end <= len(data) and zlib.crc32(match[0] + body) == check:
            return start
    return len(data) + 4


def _meant(kind: bytes, body: bytes, check: bytes) -> tuple[bytes, bool]:
    """Its name, which may be mended by its check sum, and whether that is right."""
    if kind == b"IDAT":
        return kind, True  # its own stream has a check sum
    number = int.from_bytes(check, "big")
    if len(check) == 4:
        for name in (kind, *NEEDED, b"eXIf"):
            if zlib.crc32(name + body) == number:
                return name, True
    return kind, False


def _mended(body: bytes, data: bytes) -> bytes:
    """A header with one wrong byte: the one change that makes its check sum right."""
    number = int.from_bytes(data[29:33], "big")
    for at in range(len(body)):
        for byte in range(256):
            changed = body[:at] + bytes([byte]) + body[at + 1 :]
            if zlib.crc32(b"IHDR" + changed) == number:
                return changed
    return body


def _written(head: bytes, palette: bytes, clear: bytes, packed: list[bytes]) -> bytes:
    parts = [SIGNATURE, _chunk(b"IHDR", head)]
    if palette:
        parts.append(_chunk(b"PLTE", palette[: 256 * 3]))
    if clear:
        parts.append(_chunk(b"tRNS", clear))
    length = sum(map(len, packed))
    # No decoder looks at this check sum: the stream in it has one.
    parts += [struct.pack(">I4s", length, b"IDAT"), *packed, b"\0\0\0\0"]
    return b"".join([*parts, _chunk(b"IEND", b"")])


def _chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body)
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", check)


def _key(clear: bytes, bits: int, channels: int) -> tuple[int, ...]:
    """In the samples that Pillow makes: 16 bits of grey alone, else 8."""
    values = struct.unpack_from(f">{channels}H", clear)
    if bits == 16:
        return values if channels == 1 else tuple(value >> 8 for value in values)
    most = (1 << bits) - 1
    return tuple((value & most) * 255 // most for value in values)


def _profile(body: bytes) -> bytes | None:
    """Unpacked; none where it is too large or broken."""
    _name, _zero, packed = body.partition(b"\0")
    opened = zlib.decompressobj()
    try:
        profile = opened.decompress(packed[1:], colour.LARGEST_PROFILE)
    except zlib.error:
        return None
    return profile if opened.eof else None


def _points(body: bytes) -> Primaries:
    x_y = [value / 100_000 for value in struct.unpack(">8I", body)]
    white, red, green, blue = zip(x_y[::2], x_y[1::2], strict=True)
    return red, green, blue, white
