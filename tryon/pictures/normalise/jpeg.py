"""JPEG: the frame and its tables are kept; what lies beside them is read or dropped."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from . import exif
from .container import Container
from .errors import not_readable, not_whole

START, END = b"\xff\xd8", b"\xff\xd9"
SOS, ADOBE, APP0, APP2 = 0xDA, 0xEE, 0xE0, 0xE2
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
ARITHMETIC = {*range(0xC9, 0xD0)}
TABLES = {0xC4, 0xCC, 0xDB, 0xDD}  # Huffman, arithmetic, quantization, restart
ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a segment
JFIF = b"\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
SEGMENT = re.compile(rb"\xff[\xc0-\xc7\xc9-\xcf\xdb\xdd-\xef\xfe]")
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
# Each scan goes over the whole picture, however few bytes it has. Cameras and tools
# write ten; what comes after a hundred only costs time.
MOST_SCANS = 100
MOST_STARTS = 500  # where the frame is looked for if a segment's length is wrong


def matches(data: bytes) -> bool:
    return data.startswith(START) or data[6:11] in (b"JFIF\0", b"Exif\0")


@dataclass
class Walk:
    """The segments up to the first scan."""

    kept: list[bytes] = field(default_factory=list)
    exif: list[bytes] = field(default_factory=list)
    profile: list[bytes] = field(default_factory=list)
    frame: bytes = b""
    kind: int = 0
    scan: int = 0  # where the first one begins
    adobe: bytes = b""
    jfif: bool = False

    @property
    def is_whole(self) -> bool:
        return bool(self.scan and len(self.frame) >= 6)

    @property
    def pixels(self) -> int:
        height, width = struct.unpack_from(">HH", self.frame, 1)
        return int(height * width)


def read(data: bytes) -> Container:
    """Raises `PictureError`."""
    walk = _walk(data, 2)
    if not walk.is_whole:
        walk = _searched(data, walk)
    body, cut = data[walk.scan :], False
    if not data.rstrip(b"\0").endswith(END):
        body, cut = _ended(body, walk)
    body = _few_scans(body)
    if len(body) * 8 < _least_bits(walk):
        raise not_whole()
    if not walk.exif:
        walk.exif.append(exif.lost(data, walk.scan))
    head = [START, JFIF if walk.jfif else b"", walk.adobe, *walk.kept]
    return Container(
        "JPEG",
        b"".join((*head, body)),
        orientation=next(
            (turn for turn in map(exif.orientation, walk.exif) if turn != 1), 1
        ),
        profile=_profile(walk.profile),
        cut=cut,
        held=_held(walk, body),
    )


def _walk(data: bytes, at: int) -> Walk:
    walk = Walk()
    for marker, start, end in _segments(data, at):
        body = data[start + 4 : end]
        if marker == SOS:
            walk.scan = start
            break
        # By what it says, since one wrong byte may have made it a table.
        if body.startswith(b"Exif"):
            walk.exif.append(body)
            continue
        if marker in FRAMES:
            walk.frame, walk.kind = body, marker
        if marker in FRAMES or marker in TABLES:
            walk.kept.append(data[start:end])
        elif marker == APP0 and body.startswith(b"JFIF"):
            walk.jfif = True
        elif marker == APP2 and body.startswith(b"ICC_PROFILE\0"):
            walk.profile.append(body[12:])
        elif marker == ADOBE and body.startswith(b"Adobe") and len(body) >= 12:
            walk.adobe = data[start:end]
    return walk


def _segments(data: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each until one leaves the file or follows on nothing."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 4 > len(data):
            return
        marker = data[at + 1]
        if marker in (0x00, 0xFF) or marker in ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == END[1] or end > len(data):
            return
        yield marker, at, end
        if data[end : end + 1] not in (b"\xff", b"\0"):
            return
        at = end


def _searched(data: bytes, walk: Walk) -> Walk:
    """A segment's length is wrong: the largest frame that can be followed to a scan.

    The largest, since a thumbnail is a JPEG too.
    """
    walks = [walk] if walk.is_whole else []
    for number, start in enumerate(SEGMENT.finditer(data, 2)):
        if number == MOST_STARTS:
            break
        further = _walk(data, start.start())
        if further.is_whole:
            further.exif = walk.exif or further.exif
            further.jfif |= walk.jfif
            further.adobe = further.adobe or walk.adobe
            further.kept = [*walk.kept, *further.kept]
            walks.append(further)
    if not walks:
        raise not_whole() if data.startswith(START) and walk.kept else not_readable()
    return max(walks, key=lambda one: one.pixels)


def _ended(body: bytes, walk: Walk) -> tuple[bytes, bool]:
    """With an end that is not its own, if it has none; whether that was so.

    Raises `PictureError` where more than the last touch of the picture is missing. Of a
    picture in one scan that is seen by its rows.
    """
    last = body.rfind(END)
    if last >= 0:
        return body[: last + 2], False
    body = body.rstrip(b"\0")  # what a card that was pulled out leaves
    if walk.kind not in PROGRESSIVE:
        if _held(walk, body):
            raise not_whole()  # one colour after the other
        return body + END, True
    fine, at = {}, 0
    luma = walk.frame[6:7]
    scans = list(_scans(body))
    for (start, end), following in zip(scans, [*scans[1:], None], strict=True):
        at = end
        if following is None:
            break  # this is the one that was cut
        count = body[start + 4]
        ids = body[start + 5 : start + 5 + 2 * count : 2]
        first, until, bits = body[start + 5 + 2 * count : start + 8 + 2 * count]
        for component in ids:
            for place in range(first, until + 1):
                fine[component, place] = bits & 15
    wanted = [(luma[0], place) for place in range(64)]
    wanted += [(component, 0) for component in walk.frame[6::3]]
    if any(fine.get(one, 15) > 1 for one in wanted):
        raise not_whole()
    return body[:at] + END, False


def _scans(body: bytes) -> Iterator[tuple[int, int]]:
    """Start of each scan's header, and the end of its data."""
    at: int | None = 0
    while at is not None:
        start, at = at, None
        if len(body) < start + 4:
            return
        header = int.from_bytes(body[start + 2 : start + 4], "big")
        match = MARKER.search(body, start + 2 + header)
        end = match.start() if match else len(body)
        yield start, end
        for marker, where, until in _segments(body, end):
            if marker == SOS:
                # Tables between scans are part of what is kept.
                at = where if until <= len(body) else None
                break


def _few_scans(body: bytes) -> bytes:
    at = -1
    for _scan in range(MOST_SCANS + 1):
        at = body.find(b"\xff\xda", at + 1)
        if at < 0:
            return body
    return body[:at] + END


def _least_bits(walk: Walk) -> int:
    """A code for the mean and one for the end of each block; the mean's in scans."""
    parts, widest = _sampling(walk)
    blocks = walk.pixels / 64 * sum(h * v for h, v in parts) / widest
    if walk.kind in ARITHMETIC:
        return 0
    return int(blocks) if walk.kind in PROGRESSIVE else int(blocks * 2)


def _sampling(walk: Walk) -> tuple[list[tuple[int, int]], int]:
    """How finely each colour is kept, and how many would be as fine as any."""
    parts = [(byte >> 4, byte & 15) for byte in walk.frame[7::3]]
    widest = max((h for h, _v in parts), default=1) * max(
        (v for _h, v in parts), default=1
    )
    return parts, max(widest, 1)


def _held(walk: Walk, body: bytes) -> float:
    """Bytes a pixel that libjpeg keeps while it reads: two for each coefficient."""
    parts, widest = _sampling(walk)
    in_one = len(body) > 4 and body[4] == len(parts)
    if in_one and walk.kind not in PROGRESSIVE:
        return 0
    return 2 * sum(h * v for h, v in parts) / widest


def _profile(parts: list[bytes]) -> bytes | None:
    """From its numbered parts; none if one is missing."""
    parts = sorted(parts)
    numbers = [part[0] for part in parts if part]
    if not parts or numbers != list(range(1, len(parts) + 1)):
        return None
    return b"".join(part[2:] for part in parts)
