"""Sound pictures of each format, and what may happen to their bytes.

Each lies on its side in its file, and says so in EXIF or its container.
"""

import functools
import io
import zlib
from typing import NamedTuple

import pillow_heif
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from tests.hostile import chunk
from tryon.pictures import normalise

pillow_heif.register_heif_opener()

FORMATS = ("JPEG", "progressive JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF")
# Of which it is known here what is outside of their pixel data.
KNOWN = ("JPEG", "progressive JPEG", "PNG", "HEIF")
SIZE = (320, 400)
CORNERS = {(0, 0): (255, 0, 0), (1, 0): (0, 255, 0), (0, 1): (0, 0, 255)}
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + b"workflow " * 40 + b"</x:xmpmeta>"

Span = tuple[int, int]


class Sound(NamedTuple):
    data: bytes
    outside: tuple[Span, ...]  # what neither the pixels nor the turn need


def corners(width: int, height: int) -> Image.Image:
    """Red upper left, green upper right, blue lower left, white lower right."""
    image = Image.new("RGB", (width, height), "white")
    for (x, y), colour in CORNERS.items():
        left, top = x * (width // 2), y * (height // 2)
        image.paste(colour, (left, top, left + width // 2, top + height // 2))
    return image


def is_upright(picture: normalise.Picture) -> bool:
    """Its four corners, wherever it was cut a little."""
    with Image.open(io.BytesIO(picture.data)) as image:
        width, height = image.size
        if width > height:
            return False
        for (x, y), colour in CORNERS.items():
            place = (width // 4 + x * width // 2, height // 4 + y * height // 2)
            seen = image.getpixel(place)
            if max(abs(a - b) for a, b in zip(seen, colour, strict=True)) > 60:
                return False
    return True


def exif() -> bytes:
    block = Image.Exif()
    block[0x010F], block[0x0110] = "Phone maker", "Phone 15"
    block[0x0112] = 6
    block[0x011A], block[0x011B], block[0x0128] = 72.0, 72.0, 2
    block[0x0132] = "2026:05:01 10:00:00"
    block.get_ifd(0x8825)[2] = (48.0, 51.0, 29.0)
    block.get_ifd(0x8769)[0x927C] = b"maker's note " * 60
    return block.tobytes()


@functools.cache
def sound(form: str) -> Sound:
    image = corners(*SIZE)
    noise = Image.effect_noise(SIZE, 60).convert("RGB")
    image = Image.blend(image, noise, 0.1)
    if form == "GIF":
        return Sound(_saved(image, "GIF", comment=b"hello"), ())
    image = image.transpose(Image.Transpose.ROTATE_90)
    if form in ("JPEG", "progressive JPEG"):
        options = {"exif": exif(), "icc_profile": PROFILE, "xmp": XMP, "comment": b"hi"}
        data = _saved(image, "JPEG", progressive=form != "JPEG", **options)
        return Sound(data, _apart(data, _segments(data)))
    if form == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("workflow", "steps " * 400, zip=True)
        text.add_itxt("Comment", "ärmellos " * 50)
        data = _saved(image, "PNG", exif=exif(), icc_profile=PROFILE, pnginfo=text)
        return Sound(data, _apart(data, _chunks(data)))
    data = _saved(image, form, exif=exif(), xmp=XMP, icc_profile=PROFILE)
    if form != "HEIF":
        return Sound(data, ())
    said = [(0, int.from_bytes(data[:4], "big"))]
    for part in (exif(), XMP, PROFILE):
        said.append((data.index(part), data.index(part) + len(part)))
    return Sound(data, tuple(said))  # its boxes say the turn, and go before EXIF


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def _segments(jpeg: bytes) -> list[Span]:
    spans, at = [], 2
    while jpeg[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if jpeg[at + 1] >= 0xE0:
            spans.append((at, end))
        at = end
    return spans


def _chunks(png: bytes) -> list[Span]:
    spans, at = [(0, 8)], 8
    while at < len(png):
        end = at + 12 + int.from_bytes(png[at : at + 4], "big")
        if png[at + 4 : at + 8] not in (b"IHDR", b"IDAT"):
            spans.append((at, end))
        at = end
    return spans


def _apart(data: bytes, spans: list[Span]) -> tuple[Span, ...]:
    """Without the bytes that say which way up: header, count and entry of EXIF."""
    tiff = data.index(b"Exif\0\0") + 6 if b"Exif\0\0" in data else -1
    if tiff < 0:
        tiff = data.index(b"eXIf") + 4
    entry = data.index(b"\x01\x12\x00\x03", tiff)
    kept = [(tiff, tiff + 10), (entry, entry + 12)]
    for start, end in kept:
        spans = [
            piece
            for a, b in spans
            for piece in ((a, min(b, start)), (max(a, end), b))
            if piece[0] < piece[1]
        ]
    return tuple(spans)


def written_over(form: str) -> st.SearchStrategy[bytes]:
    """One to three places outside of its pixel data get other bytes.

    What a decoder needs to find and draw the pixels counts as theirs: a JPEG's frame
    and tables, a PNG's header, the boxes of a HEIC that say where they are and how.
    """
    whole = sound(form)
    places = [at for a, b in whole.outside for at in range(a, b)]
    place = st.sampled_from(places)
    changes = st.tuples(place, st.binary(min_size=1, max_size=8))

    def made(list_of: list[tuple[int, bytes]]) -> bytes:
        data = bytearray(whole.data)
        for at, piece in list_of:
            end = next(b for a, b in whole.outside if a <= at < b)
            piece = piece[: end - at]
            data[at : at + len(piece)] = piece
        return bytes(data)

    return st.lists(changes, min_size=1, max_size=3).map(made)


def damaged(form: str) -> st.SearchStrategy[bytes]:
    """Anything, anywhere: written over, put in, left out, said twice, cut."""
    data = sound(form).data
    place = st.integers(0, len(data) - 1)
    # The first part is where a file says what it is.
    place = st.one_of(place, st.integers(0, min(len(data), 1500) - 1))
    length, piece = st.integers(1, 400), st.binary(min_size=1, max_size=40)
    return st.one_of(
        st.builds(lambda a, p: data[:a] + p + data[a + len(p) :], place, piece),
        st.builds(lambda a, p: data[:a] + p + data[a:], place, piece),
        st.builds(lambda a, n: data[:a] + data[a + n :], place, length),
        st.builds(lambda a, n: data[: a + n] + data[a:], place, length),
        st.builds(lambda a: data[:a], place),
        st.builds(lambda a, n: data[:a] + bytes(n) + data[a + n :], place, length),
    )


def added(form: str) -> st.SearchStrategy[bytes]:
    """A random block of EXIF that says the turn, or a random part nobody knows."""
    block = st.binary(max_size=300)
    data = sound(form).data
    if form in ("JPEG", "progressive JPEG"):
        return st.builds(
            lambda marker, body: (
                data[:2]
                + bytes([0xFF, marker])
                + (len(body) + 2).to_bytes(2, "big")
                + body
                + data[2:]
            ),
            st.sampled_from([0xE0, *range(0xE3, 0xF0), 0xFE]),
            block,
        )
    if form == "PNG":
        kinds = [b"tEXt", b"zTXt", b"iTXt", b"pHYs", b"tIME", b"abCd", b"iDOT", b"sBIT"]
        packed = st.one_of(
            block, block.map(lambda body: b"a\0\0" + zlib.compress(body))
        )
        return st.builds(
            lambda kind, body: data[:33] + chunk(kind, body) + data[33:],
            st.sampled_from(kinds),
            packed,
        )
    return st.builds(
        lambda kind, body: data + (len(body) + 8).to_bytes(4, "big") + kind + body,
        st.sampled_from([b"free", b"skip", b"uuid", b"sefd", b"mpvd"]),
        block,
    )
