"""What a large picture of each format costs in memory, beside what was reckoned.

``python -m tests.bench.memory``: each in a process of its own, then eight at once.
"""

import io
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import zlib
from pathlib import Path

os.environ.update(
    ENV_FILE="",
    DEBUG="1",
    DATA_DIR=tempfile.mkdtemp(prefix="bench-"),
    DJANGO_SETTINGS_MODULE="vto_site.settings",
)

import django

django.setup()

import pillow_heif
from PIL import Image

from tests.hostile import SIGNATURE, chunk, head
from tests.mutations import corners
from tests.odd_pictures import flat_jpeg, saved
from tryon.pictures import normalise

MOST_MB = 800  # of the eight, beside the process itself


def clear_png(side: int) -> bytes:
    """With an alpha channel: of 63 megapixels it has a quarter of a megabyte."""
    packer, row = zlib.compressobj(9), b"\0" + b"\x10\x20\x30\xff" * side
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    parts = (chunk(b"IHDR", head(side, side, kind=6)), chunk(b"IDAT", packed))
    return SIGNATURE + b"".join((*parts, chunk(b"IEND", b"")))


def drawn(form: str, mode: str = "RGB", **options: object) -> bytes:
    image = corners(5000, 4800).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    return saved(image, form, **options)


def deep_heic() -> bytes:
    row = bytes(range(256)) * 118  # of 5,000 pixels
    made = pillow_heif.from_bytes("RGB;16", (5000, 4800), row[:30_000] * 4800)
    out = io.BytesIO()
    made.save(out, quality=40, chroma=444)
    return out.getvalue()


PICTURES = {
    "PNG, 63 megapixels with alpha": lambda: clear_png(7900),
    "JPEG, 200 megapixels": lambda: flat_jpeg(16_320, 12_240),
    "progressive JPEG, 64 megapixels": lambda: flat_jpeg(8000, 8000, 0xC2),
    "PNG": lambda: drawn("PNG"),
    "GIF": lambda: drawn("GIF"),
    "WebP": lambda: drawn("WEBP", method=0),
    "WebP with alpha": lambda: drawn("WEBP", "RGBA", method=0),
    "HEIC": lambda: drawn("HEIF", quality=50),
    "HEIC of 10 bits, 4:4:4": deep_heic,
    "HEIC with alpha": lambda: drawn("HEIF", "RGBA", quality=50),
    "AVIF": lambda: drawn("AVIF", quality=50, speed=10),
    "AVIF, 4:4:4": lambda: drawn("AVIF", quality=50, speed=10, subsampling="4:4:4"),
    "AVIF with alpha": lambda: drawn("AVIF", "RGBA", quality=50, speed=10),
}


def peak() -> int:
    """Megabytes; since the program was begun, unlike getrusage's."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) // 1024


def measured(data: bytes, at_once: int) -> dict[str, float]:
    """Megabytes that it took beside the process, and that were reckoned for one."""
    normalise.read_person(io.BytesIO(saved(corners(400, 520), "JPEG")))
    reckoned, taken = [], normalise.MEMORY.taken

    def noted(megabytes: float, wait: float):
        reckoned.append(megabytes)
        return taken(megabytes, 600)

    normalise.MEMORY.taken = noted
    normalise.LONGEST_WAIT = 600
    before = peak()
    threads = [
        threading.Thread(target=lambda: normalise.read_person(io.BytesIO(data)))
        for _ in range(at_once)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"took": peak() - before, "reckoned": round(max(reckoned))}


def in_a_process(name: str, at_once: int = 1) -> dict[str, float]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(PICTURES[name]())
        file.flush()
        command = [sys.executable, "-m", "tests.bench.memory", file.name, str(at_once)]
        done = subprocess.run(command, check=True, capture_output=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def main() -> int:
    if len(sys.argv) == 3:
        data = Path(sys.argv[1]).read_bytes()
        print(json.dumps(measured(data, int(sys.argv[2]))))
        return 0
    sound = True
    print("| picture of 24 megapixels | MB | reckoned | eight at once |")
    print("|---|---|---|---|")
    for name in PICTURES:
        one, eight = in_a_process(name), in_a_process(name, 8)
        print(
            f"| {name} | {one['took']} | {one['reckoned']} | {eight['took']} |",
            flush=True,
        )
        sound &= one["took"] <= one["reckoned"] and eight["took"] <= MOST_MB
    return int(not sound)


if __name__ == "__main__":
    sys.exit(main())
