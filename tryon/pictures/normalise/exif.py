"""The one tag of EXIF that matters here: which way up the picture is.

Nothing else of it is looked at, so nothing else of it can be wrong.
"""

import re
import struct

ORIENTATION = 0x0112
# The tag's whole entry: one SHORT.
ENTRY = {
    "<": re.compile(rb"\x12\x01\x03\x00\x01\x00\x00\x00([\x01-\x08])\x00", re.DOTALL),
    ">": re.compile(rb"\x01\x12\x00\x03\x00\x00\x00\x01\x00([\x01-\x08])", re.DOTALL),
}
WIDTHS = {1: "B", 3: "H", 4: "I"}  # of BYTE, SHORT and LONG
LOST = re.compile(rb"Exif\0\0|II\*\0|MM\0\*")
KINDS = range(1, 14)
TURNS = range(1, 9)
ENTRIES = 1000  # more than any camera writes


def lost(data: bytes, end: int) -> bytes:
    """What may be a block of EXIF before `end`, where its place is not known."""
    start = LOST.search(data, 0, end)
    return data[start.start() : end] if start else b""


def orientation(block: bytes) -> int:
    """1 to 8; 1 if it says nothing that can be followed."""
    while block.startswith(b"Exif\0"):
        block = block[6:]
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is not None:
        try:
            turn = _of_directory(block, order)
        except struct.error:
            turn = None
        if turn is not None:
            return turn if turn in TURNS else 1
    # Its index is broken. The entry itself may not be.
    for entry in ENTRY.values():
        whole = entry.search(block)
        if whole:
            return whole[1][0]
    return 1


def _of_directory(block: bytes, order: str) -> int | None:
    """0 if it has no such tag, None if it is no directory.

    Raises `struct.error` where it leaves the block.
    """
    (at,) = struct.unpack_from(f"{order}I", block, 4)
    (count,) = struct.unpack_from(f"{order}H", block, at)
    for entry in range(at + 2, at + 2 + 12 * min(count, ENTRIES), 12):
        tag, kind, _values = struct.unpack_from(f"{order}HHI", block, entry)
        if tag == ORIENTATION and kind in WIDTHS:
            value: int
            (value,) = struct.unpack_from(order + WIDTHS[kind], block, entry + 8)
            return value
        if kind not in KINDS:
            return None
    return 0
