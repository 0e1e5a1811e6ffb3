"""Server work of one upload, beside bare Pillow: decode, resize, encode.

``python -m tests.bench.upload``: a 12-megapixel photograph of three and more MB.
"""

import io
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(
    ENV_FILE="",
    DEBUG="1",
    DATA_DIR=tempfile.mkdtemp(prefix="bench-"),
    DJANGO_SETTINGS_MODULE="vto_site.settings",
)

import django

django.setup()

import openvto
from PIL import Image

from tryon.pictures import normalise

ROUNDS = 9
MOST = 1.5  # times bare Pillow


def phone_photo() -> bytes:
    """A real photograph at a phone's size, with the noise that a sensor has."""
    path = Path(openvto.__file__).parent / "assets/people/2_posture.jpg"
    person = Image.open(path).convert("RGB")
    person = person.resize((3024, 4032), Image.Resampling.LANCZOS)
    noise = Image.effect_noise(person.size, 14).convert("RGB")
    out = io.BytesIO()
    Image.blend(person, noise, 0.06).save(out, "JPEG", quality=95)
    return out.getvalue()


def bare(data: bytes) -> None:
    image = Image.open(io.BytesIO(data))
    image.load()
    small = image.resize((1536, 2048), Image.Resampling.LANCZOS)
    small.save(io.BytesIO(), "JPEG", quality=normalise.QUALITY)


def main() -> int:
    data = phone_photo()
    ours, theirs = [], []
    for _ in range(ROUNDS):
        for run, times in (
            (lambda: normalise.read_person(io.BytesIO(data)), ours),
            (lambda: bare(data), theirs),
        ):
            started = time.perf_counter()
            run()
            times.append((time.perf_counter() - started) * 1000)
    ms, bare_ms = statistics.median(ours), statistics.median(theirs)
    print("| upload of | ms | bare Pillow ms | ratio | required |")
    print("|---|---|---|---|---|")
    print(
        f"| {len(data) / 1e6:.1f} MB, 12 megapixels | {ms:.0f} | {bare_ms:.0f} | "
        f"{ms / bare_ms:.2f} | ≤ {MOST} |"
    )
    return int(ms > bare_ms * MOST)


if __name__ == "__main__":
    sys.exit(main())
