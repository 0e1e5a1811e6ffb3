"""More than 500 hostile or odd image files: made here, and what packages ship.

Each is a name and its bytes; the same ones each time.
"""

import io
import random
import struct
import sysconfig
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pillow_heif
from PIL import Image, ImageCms

pillow_heif.register_heif_opener()
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF", "TIFF", "BMP")
CUTS, FLIPS = 16, 28  # of each format
ENDINGS = {
    *(".jpg", ".jpeg", ".png", ".gif", ".webp", ".tif", ".tiff", ".bmp", ".heic"),
    *(".avif", ".svg", ".ico", ".pdf", ".mpo", ".jp2", ".exr", ".pgm", ".ppm", ".ras"),
}


def corpus() -> Iterator[tuple[str, bytes]]:
    yield from shipped()
    yield from damaged()
    yield from bombs()
    yield from lies()
    yield from strangers()


def shipped() -> Iterator[tuple[str, bytes]]:
    """Pictures that lie in installed packages and in Python's own tests."""
    for name in ("purelib", "stdlib"):
        folder = Path(sysconfig.get_path(name))
        found = (path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
        for path in sorted(found):
            if "site-packages" in path.parts and name == "stdlib":
                continue
            yield f"shipped {path.relative_to(folder)}", path.read_bytes()


def picture(form: str, size: tuple[int, int] = (400, 520)) -> bytes:
    out = io.BytesIO()
    noise = Image.effect_noise(size, 60).convert("RGB")
    noise.paste((180, 60, 40), (size[0] // 3, 0, size[0] // 2, size[1]))
    noise.save(out, form)
    return out.getvalue()


def damaged() -> Iterator[tuple[str, bytes]]:
    """Cut short, and with bytes changed: in the header, and anywhere."""
    rng = random.Random(5)
    for form in FORMATS:
        whole = picture(form)
        for n in range(CUTS):
            yield f"cut {form} {n}", whole[: len(whole) * n // CUTS]
        for n in range(FLIPS):
            broken = bytearray(whole)
            reach = 256 if n % 2 else len(broken)
            for _ in range(1 + n // 4):
                broken[rng.randrange(min(reach, len(broken)))] = rng.randrange(256)
            yield f"flipped {form} {n}", bytes(broken)
        yield f"doubled {form}", whole + whole
        yield f"with a tail {form}", whole + b"\x00" * 200_000
        yield f"behind a head {form}", b"\x00" * 512 + whole


def chunk(kind: bytes, data: bytes) -> bytes:
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


SIGNATURE = b"\x89PNG\r\n\x1a\n"


def head(width: int, height: int, bits: int = 8, kind: int = 2) -> bytes:
    return struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)


def png(width: int, height: int, data: bytes, *more: bytes, bits: int = 8) -> bytes:
    first = chunk(b"IHDR", head(width, height, bits))
    parts = [first, *more, chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return SIGNATURE + b"".join(parts)


def bombs() -> Iterator[tuple[str, bytes]]:
    """Small files that say they are, or unpack to be, very large."""
    for side in (0, 1, 65_535, 100_000, 2**31 - 1):
        yield f"png of {side}", png(side, side, zlib.compress(b"\x00" * 64))
        yield f"png {side} wide", png(side, 400, zlib.compress(b"\x00" * 64))
    flat = zlib.compress(b"\x00" * (30_000 * 3 + 1) * 400, 9)
    yield "png that unpacks to 36 MB", png(30_000, 400, flat)
    yield (
        "png with more data than pixels",
        png(400, 400, zlib.compress(b"\0" * 10**8, 9)),
    )
    text = zlib.compress(b"a" * 50_000_000, 9)
    squeezed = zlib.compress(b"\x00" * (400 * 3 + 1) * 400)
    yield "png text bomb", png(400, 400, squeezed, chunk(b"zTXt", b"x\x00\x00" + text))
    yield "png profile bomb", png(400, 400, squeezed, chunk(b"iCCP", b"x\0\0" + text))
    for width, height in ((65_500, 65_500), (65_500, 1), (1, 65_500), (9_000, 9_000)):
        whole = bytearray(picture("JPEG"))
        at = whole.index(b"\xff\xc0") + 5
        whole[at : at + 4] = struct.pack(">HH", height, width)
        yield f"jpeg of {width} x {height}", bytes(whole)
    frames = [Image.new("RGB", (400, 520), (n, n, n)) for n in range(0, 250, 2)]
    for form in ("GIF", "WEBP", "PNG", "TIFF"):
        out = io.BytesIO()
        frames[0].save(out, form, save_all=True, append_images=frames[1:])
        yield f"{form} of 125 frames", out.getvalue()
    canvas = bytearray(picture("GIF"))
    canvas[6:10] = struct.pack("<HH", 65_535, 65_535)
    yield "gif on a huge canvas", bytes(canvas)


def lies() -> Iterator[tuple[str, bytes]]:
    """What it says of itself is wrong, long, or of a kind that is rare."""
    plain = Image.open(io.BytesIO(picture("PNG")))
    for turn in (0, 1, 3, 6, 8, 9, 255, 65_535):
        exif = Image.Exif()
        exif[0x0112] = turn
        out = io.BytesIO()
        plain.save(out, "JPEG", exif=exif)
        yield f"orientation {turn}", out.getvalue()
    whole = picture("JPEG")
    for name, segment in (
        ("exif of nothing", b"\xff\xe1\x00\x08Exif\0\0"),
        ("exif of rubbish", b"\xff\xe1\x40\x02Exif\0\0" + b"\xff" * 16_378),
        (
            "exif that loops",
            b"\xff\xe1\x00\x1eExif\0\0II*\0\x08\0\0\0\x01\0i\x87"
            b"\x04\0\x01\0\0\0\x08\0\0\0",
        ),
        ("a segment past the end", b"\xff\xe2\xff\xff"),
        ("comments", b"\xff\xfe\xff\xff" + b"c" * 65_533),
    ):
        yield f"jpeg with {name}", whole[:2] + segment + whole[2:]
    for profile in (b"", b"x", b"\x00" * 128, b"\xff" * 4096):
        for form in ("JPEG", "PNG", "WEBP", "AVIF"):
            out = io.BytesIO()
            plain.save(out, form, icc_profile=profile)
            yield f"{form} with a profile of {len(profile)}", out.getvalue()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for form in ("JPEG", "PNG"):
        out = io.BytesIO()
        plain.save(out, form, icc_profile=lab)
        yield f"{form} that says it is Lab", out.getvalue()
    for mode in ("1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "I", "F", "YCbCr"):
        for form in ("PNG", "JPEG", "TIFF", "WEBP", "GIF"):
            out = io.BytesIO()
            try:
                plain.convert("RGB").convert(mode).save(out, form)
            except (OSError, ValueError):
                continue  # this format has no such pictures
            yield f"{form} in {mode}", out.getvalue()
    for size in ((1, 1), (1, 4000), (4000, 1), (299, 400), (300, 300), (300, 9000)):
        for form in ("JPEG", "PNG", "WEBP"):
            yield f"{form} of {size}", picture(form, size)


def strangers() -> Iterator[tuple[str, bytes]]:
    """No pictures at all, or something else besides."""
    whole = picture("JPEG")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("a.jpg", whole)
    script = b"<script>alert(1)</script>"
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/x'/></svg>"
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><svg>&a;</svg>'
    yield from (
        ("nothing", b""),
        ("a byte", b"\xff"),
        ("text", b"hello"),
        ("html", b"<!doctype html>" + script),
        ("svg", svg),
        ("svg with an entity", entity),
        ("zip", archive.getvalue()),
        ("picture and zip", whole + archive.getvalue()),
        ("picture and script", whole + script),
        ("gif and script", b"GIF89a/*" + script + b"*/=1;"),
        ("pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj\ntrailer<<>>"),
        ("eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 400 400\n(x) run\n"),
        ("elf", b"\x7fELF" + b"\x00" * 400),
        ("zeros", b"\x00" * 1_000_000),
        ("random", random.Random(7).randbytes(1_000_000)),
        ("riff", b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\x00" * 64),
        ("ftyp", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 64),
        ("ftyp alone", b"\x00\x00\x00\x08ftyp"),
        ("endless box", b"\x00\x00\x00\x18ftypavif" + b"\x00" * 12 + b"\xff" * 4096),
    )
