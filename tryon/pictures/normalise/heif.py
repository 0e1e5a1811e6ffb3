"""HEIF and its kin (HEIC, AVIF): the boxes, wherever in the file they are.

Its offsets count from the file's first byte, so nothing is cut out: what decoders
shall not see gets another name in its place.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from . import colour, exif
from .container import Container
from .errors import not_readable, not_whole

HEVC, AV1 = b"heic", b"avif"  # brands
NAMELESS = b"skip"  # an item's type that no decoder reads
THROWN_AWAY = {b"Exif", b"mime", b"uri "}
TURNS = {b"irot", b"imir"}
BRANDS = re.compile(rb"heic|heix|avif|mif1|miaf")
MOST_BRANDS = 64
SECOND = re.compile(rb"meta|mdat|moov|free|skip|wide|uuid")  # what may follow these
MOST = 10_000  # boxes of a kind; a grid of 200 megapixels has a thousand
# Those that hold others, and how many bytes come before these.
HOLDERS = {b"meta": 4, b"iprp": 0, b"ipco": 0}


class Box(NamedTuple):
    kind: bytes
    start: int
    body: int
    end: int


class Item(NamedTuple):
    number: int
    kind: bytes
    at: int  # where its type stands


@dataclass
class Index:
    """What `meta` says."""

    primary: int = 0
    items: list[Item] = field(default_factory=list)
    properties: list[Box] = field(default_factory=list)
    # By item, the properties it has: numbers from 1.
    has: dict[int, list[int]] = field(default_factory=dict)
    # By item, its pieces: start and length in the file.
    lies: dict[int, list[tuple[int, int]]] = field(default_factory=dict)


def matches(data: bytes) -> bool:
    return data[4:8] == b"ftyp" or BRANDS.search(data, 8, 48) is not None


def read(data: bytes) -> list[Container]:
    """One for each decoder, the likelier first; the brand is not asked.

    Raises `PictureError`.
    """
    index, cut = _index(data)
    kinds = {item.kind for item in index.items}
    brands = [AV1, HEVC] if b"av01" in kinds else [HEVC, AV1]
    if not kinds:
        # A film without a picture beside it: only the brands tell.
        brands = [AV1, HEVC] if b"av" in data[8:12] else [HEVC, AV1]
    containers = []
    for brand in brands:
        container = Container({HEVC: "HEIF", AV1: "AVIF"}[brand], b"", cut=cut)
        container.held = _held(data, index)
        container.data = _renamed(data, index, brand)
        _tell(container, data, index)
        containers.append(container)
    return containers


def _tell(container: Container, data: bytes, index: Index) -> None:
    own = [
        index.properties[number - 1]
        for number in index.has.get(index.primary, ())
        if 0 < number <= len(index.properties)
    ]
    if not any(box.kind in TURNS for box in own):
        container.orientation = _exif_orientation(data, index)
    # Of a grid only its tiles may say.
    for box in own or index.properties:
        if box.kind != b"colr":
            continue
        kind, body = data[box.body : box.body + 4], data[box.body + 4 : box.end]
        if kind in (b"prof", b"rICC"):
            container.profile = body
        elif kind == b"nclx" and len(body) >= 4:
            container.colour = colour.of_numbers(*struct.unpack_from(">HH", body))


def _held(data: bytes, index: Index) -> float:
    """More for over eight bits a sample, and for colours as fine as the light."""
    most = 0.0
    for box in index.properties:
        setup = data[box.body : min(box.end, box.body + 18)]
        if box.kind == b"av1C" and len(setup) >= 3:
            deep, fine = bool(setup[2] & 0x40), not setup[2] & 0x08
        elif box.kind == b"hvcC" and len(setup) == 18:
            deep, fine = setup[17] & 7 > 0, setup[16] & 3 > 1
        else:
            continue
        most = max(most, 7.0 if deep and fine else 3.0 if deep or fine else 0.0)
    return most


def _exif_orientation(data: bytes, index: Index) -> int:
    for item in index.items:
        if item.kind == b"Exif":
            pieces = index.lies.get(item.number, ())
            block = b"".join(data[at : at + length] for at, length in pieces)
            # Four bytes say where it begins. They are not always right.
            starts = [
                at for order in (b"II*\0", b"MM\0*") if (at := block.find(order)) >= 0
            ]
            return exif.orientation(block[min(starts, default=4) :])
    return 1


def _renamed(data: bytes, index: Index, brand: bytes) -> bytes:
    changed = bytearray(data)
    for item in index.items:
        if item.kind in THROWN_AWAY:
            changed[item.at : item.at + 4] = NAMELESS
    end = _first_end(data)
    # "mif1" may stand second only where there is room for it.
    room = min((end - 8) // 4, MOST_BRANDS)
    brands = [brand, b"\0\0\0\0", brand, b"mif1", b"miaf", *[brand] * room][:room]
    changed[: 8 + 4 * room] = struct.pack(">I4s", end, b"ftyp") + b"".join(brands)
    return bytes(changed)


def _first_end(data: bytes) -> int:
    """Of the box with the brands; what it says of itself need not be true."""
    end = int.from_bytes(data[:4], "big")
    if end < 16 or not SECOND.match(data, end + 4):
        second = SECOND.search(data, 16)
        end = second.start() - 4 if second else min(max(end, 8), len(data))
    return end


def _boxes(data: bytes, at: int, end: int) -> Iterator[Box]:
    for _number in range(MOST):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        body = at + 8
        if size == 1 and at + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, body)
            body += 8
        if size == 0:
            size = end - at
        if size < body - at:
            return
        yield Box(kind, at, body, at + size)
        at += size


def _index(data: bytes) -> tuple[Index, bool]:
    """And whether something of the file is missing. Raises `PictureError`."""
    index, cut, meta = Index(), False, None
    for box in _boxes(data, _first_end(data), len(data)):
        cut |= box.end > len(data)
        if box.kind == b"meta" and meta is None:
            meta = box
    if meta is None:
        # It is the last in many files, and the first that is missing.
        if cut:
            raise not_whole()
        if b"moov" not in data:
            raise not_readable()
    if meta is not None:
        _read_meta(data, meta, index)
    ends = [at + length for pieces in index.lies.values() for at, length in pieces]
    return index, cut or max(ends, default=0) > len(data)


def _read_meta(data: bytes, holder: Box, index: Index) -> None:
    start = holder.body + HOLDERS[holder.kind]
    end = min(holder.end, len(data))
    inner = list(_boxes(data, start, end))
    stored = next((box.body for box in inner if box.kind == b"idat"), 0)
    for box in inner:
        if box.end > end:
            return
        body = data[box.body : box.end]
        if box.kind == b"pitm":
            index.primary = int.from_bytes(body[4 : 8 if body[0] else 6], "big")
        elif box.kind == b"iinf":
            index.items = list(_items(data, box))
        elif box.kind == b"iloc":
            index.lies = _places(body, stored)
        elif box.kind == b"ipco":
            index.properties = list(_boxes(data, box.body, box.end))
        elif box.kind == b"ipma":
            _associate(body, index)
        elif box.kind == b"iprp":
            _read_meta(data, box, index)


def _items(data: bytes, box: Box) -> Iterator[Item]:
    start = box.body + (6 if data[box.body] == 0 else 8)
    for one in _boxes(data, start, box.end):
        version = data[one.body] if one.body < len(data) else 0
        if one.kind == b"infe" and version >= 2:
            wide = 2 if version == 2 else 4
            number = int.from_bytes(data[one.body + 4 : one.body + 4 + wide], "big")
            at = one.body + 4 + wide + 2
            yield Item(number, data[at : at + 4], at)


class _Reader:
    """Numbers, one after the other. Raises `struct.error` past the end."""

    def __init__(self, body: bytes, at: int):
        self.body, self.at = body, at

    def take(self, size: int) -> int:
        self.at += size
        if self.at > len(self.body):
            raise struct.error
        return int.from_bytes(self.body[self.at - size : self.at], "big")


def _places(body: bytes, stored: int) -> dict[int, list[tuple[int, int]]]:
    lies: dict[int, list[tuple[int, int]]] = {}
    version, reader = body[0], _Reader(body, 4)
    sizes, more = reader.take(1), reader.take(1)
    wide = 4 if version == 2 else 2
    for _item in range(min(reader.take(wide), MOST)):
        number = reader.take(wide)
        way = reader.take(2) & 15 if version else 0
        reader.take(2)
        base = reader.take(more >> 4) + (stored if way == 1 else 0)
        pieces = lies.setdefault(number, [])
        for _piece in range(min(reader.take(2), MOST)):
            if version:
                reader.take(more & 15)
            at, length = reader.take(sizes >> 4), reader.take(sizes & 15)
            if way in (0, 1):  # not where it is made of others
                pieces.append((base + at, length))
    return lies


def _associate(body: bytes, index: Index) -> None:
    version, wide = body[0], body[3] & 1
    reader = _Reader(body, 4)
    for _item in range(min(reader.take(4), MOST)):
        number = reader.take(4 if version else 2)
        for _one in range(reader.take(1)):
            mask = 0x7FFF if wide else 0x7F
            index.has.setdefault(number, []).append(reader.take(1 + wide) & mask)
