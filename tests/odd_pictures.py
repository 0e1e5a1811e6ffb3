"""Sound pictures that are rare, made by hand: what phones, cameras and tools write."""

import io
import struct
import zlib

import pillow_heif
from PIL import Image

from tests.hostile import chunk, png
from tests.mutations import corners

pillow_heif.register_heif_opener()
pack = struct.pack


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def sideways() -> Image.Image:
    """Upright it is 400 × 520."""
    return corners(400, 520).transpose(Image.Transpose.ROTATE_90)


def directory(*entries: tuple[int, int, int, bytes], behind: bytes = b"") -> bytes:
    """A block of EXIF of (tag, type, count, four bytes)."""
    body = b"".join(pack("<HHI", *entry[:3]) + entry[3] for entry in sorted(entries))
    return b"II*\0\x08\0\0\0" + pack("<H", len(entries)) + body + bytes(4) + behind


TURN = (0x0112, 3, 1, pack("<HH", 6, 0))
BEHIND = pack("<I", 8 + 2 + 2 * 12 + 4)  # where two entries end


def with_exif(tiff: bytes) -> bytes:
    jpeg, segment = saved(sideways(), "JPEG"), b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + pack(">H", len(segment) + 2) + segment + jpeg[2:]


def with_chunk(kind: bytes, body: bytes) -> bytes:
    row = b"\0" + b"\xb4\x3c\x28" * 400
    return png(400, 520, zlib.compress(row * 520), chunk(kind, body))


def coloured_by_key(key: bytes) -> bytes:
    """16 bits a sample; the left half is what the key calls transparent."""
    row = b"\0" + key * 200 + pack(">HHH", 50_000, 0, 0) * 200
    packed = zlib.compress(row * 400)
    return png(400, 400, packed, chunk(b"tRNS", key), bits=16)


def box(kind: bytes, body: bytes) -> bytes:
    return pack(">I4s", len(body) + 8, kind) + body


def boxes(data: bytes, at: int = 0) -> list[tuple[bytes, bytes]]:
    found = []
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        found.append((kind, data[at + 8 : at + size]))
        at += size
    return found


def samsung(width: int = 450, height: int = 600, padding: int = 100_000) -> bytes:
    """A HEIC whose index comes last; its container and its EXIF say the same turn."""
    image = corners(width, height).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    # As an object it is stored as it is; as bytes the encoder would obey it.
    whole = saved(image, "HEIF", exif=exif, quality=90)
    top = dict(boxes(whole))
    inner = boxes(top[b"meta"], 4)
    kept = dict(inner)
    item = kept[b"pitm"][4:6]
    properties = dict(boxes(kept[b"iprp"]))
    shown = [*boxes(properties[b"ipco"]), (b"irot", b"\x03")]
    links = bytearray(properties[b"ipma"])
    at = 8
    while links[at : at + 2] != item:
        at += 3 + links[at + 2]
    links[at + 2] += 1
    links.insert(at + 2 + links[at + 2], 0x80 | len(shown))
    kept[b"iprp"] = box(b"ipco", b"".join(box(*one) for one in shown))
    kept[b"iprp"] += box(b"ipma", bytes(links))
    moved = padding - (len(top[b"meta"]) + 8)
    kept[b"iloc"] = _moved(kept[b"iloc"], moved)
    meta = top[b"meta"][:4] + b"".join(box(kind, kept[kind]) for kind, _ in inner)
    media = bytes(padding) + top[b"mdat"]
    return box(b"ftyp", top[b"ftyp"]) + box(b"mdat", media) + box(b"meta", meta)


def _moved(iloc: bytes, by: int) -> bytes:
    """Version 0 or 1, with four bytes an offset and a length, as libheif writes it."""
    made, at, version = bytearray(iloc), 8, iloc[0]
    assert version in (0, 1)
    assert iloc[4] == 0x44
    base, number = iloc[5] >> 4, iloc[5] & 15 if version else 0
    for _item in range(int.from_bytes(iloc[6:8], "big")):
        at += 2
        inside = bool(version) and made[at + 1] & 15 != 0
        at += 2 * version + 2
        places = [at] if base and any(made[at : at + base]) else []
        by_base = bool(places)
        at += base
        pieces = int.from_bytes(made[at : at + 2], "big")
        at += 2
        for _piece in range(pieces):
            at += number
            if not by_base:
                places.append(at)
            at += 8
        for place in () if inside else places:
            offset = int.from_bytes(made[place : place + 4], "big") + by
            made[place : place + 4] = offset.to_bytes(4, "big")
    return bytes(made)


def flat_jpeg(width: int, height: int, kind: int = 0xC0, scans: int = 1) -> bytes:
    """Grey, three colours without subsampling, two bits a block: few bytes."""
    parts = (1, 2, 3)
    blocks = -(-width // 8) * -(-height // 8) * 3

    def segment(marker: int, body: bytes) -> bytes:
        return bytes([0xFF, marker]) + pack(">H", len(body) + 2) + body

    def table(number: int, symbol: int) -> bytes:
        return segment(0xC4, bytes([number, 1, *[0] * 15, symbol]))

    def scan(ids: tuple[int, ...], band: bytes, bits: int) -> bytes:
        head = bytes([len(ids), *(byte for one in ids for byte in (one, 0))])
        return segment(0xDA, head + band) + bytes(bits // 8 + 2)

    frame = pack(">BHHB", 8, height, width, 3)
    frame += b"".join(bytes([one, 0x11, 0]) for one in parts)
    made = b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64) + segment(kind, frame)
    if kind == 0xC0:
        tables = table(0x00, 0) + table(0x10, 0)
        return made + tables + scan(parts, b"\0\x3f\0", 2 * blocks) + b"\xff\xd9"
    made += table(0x00, 0) + table(0x10, 0xE0) + scan(parts, b"\0\0\0", blocks)
    runs = (blocks // 3 // 16_384 + 2) * 15
    return made + scan((1,), b"\1\x3f\0", runs) * scans + b"\xff\xd9"


def numbered(data: bytes, primaries: int, transfer: int) -> bytes:
    """A HEIC, AVIF or PNG that says its colours by ITU-T H.273's numbers."""
    if data.startswith(b"\x89PNG"):
        said = chunk(b"cICP", bytes([primaries, transfer, 0, 1]))
        return data[:33] + said + data[33:]
    at = data.index(b"colrnclx") + 8
    return data[:at] + pack(">HH", primaries, transfer) + data[at + 4 :]


# Each comes out upright, as `corners` or as one colour.
SIDEWAYS = {
    "samsung": samsung(),
    "a resolution of -1/0": with_exif(
        directory(TURN, (0x011A, 10, 1, BEHIND), behind=pack("<ii", -1, 0))
    ),
    "a resolution as text": with_exif(directory(TURN, (0x011A, 2, 3, b"72\0\0"))),
    "a type that is none": with_exif(directory(TURN, (0x011B, 999, 1, BEHIND))),
}
PLAIN = {
    "a large profile": with_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(1_200_000))),
    "a large text": with_chunk(
        b"zTXt", b"workflow\0\0" + zlib.compress(b"x" * 1_500_000)
    ),
    "a large international text": with_chunk(
        b"iTXt", b"workflow\0\1\0\0\0" + zlib.compress(b"x" * 1_500_000)
    ),
    "a text of an unknown kind": with_chunk(b"zTXt", b"a\0\7whatever"),
    "short pieces": with_chunk(b"gAMA", b"\0"),
}
