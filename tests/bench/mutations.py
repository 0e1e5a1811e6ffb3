"""5,000 changes to sound pictures of each format: errors, the slowest, the memory.

``python -m tests.bench.mutations [HOW_MANY [FORMAT ...]]``, read as uploads are.
"""

import io
import os
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.update(
    ENV_FILE="",
    DEBUG="1",
    DATA_DIR=tempfile.mkdtemp(prefix="bench-"),
    DJANGO_SETTINGS_MODULE="vto_site.settings",
)

import django

django.setup()

from hypothesis import HealthCheck, given, settings

from tests import mutations
from tryon.pictures import normalise

EXAMPLES = 5000
LONGEST, MOST_MB, LEAST = 5, 300, 0.99
# Nothing here may take the machine with it.
ADDRESSES = 6 * 1024**3


def status(name: str) -> int:
    """Megabytes of this process."""
    text = Path("/proc/self/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+) kB", text)[1]) // 1024


@contextmanager
def watched(most: list[int]) -> Iterator[None]:
    """What is taken at the most meanwhile; hypothesis keeps more and more itself."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = status("VmRSS")
    try:
        yield
    finally:
        most.append(max(status("VmHWM") - before, most.pop()))


def tried(examples: int, changed) -> tuple[Counter[str], float, int]:
    """How they ended, the longest and the largest. Any other error ends it."""
    ends, longest, most = Counter[str](), 0.0, [0]

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(changed)
    def run(data: bytes) -> None:
        nonlocal longest
        started = time.perf_counter()
        try:
            with watched(most):
                picture = normalise.read_person(io.BytesIO(data))
        except normalise.PictureError:
            ends["refused"] += 1
        else:
            ends["upright" if mutations.is_upright(picture) else "otherwise"] += 1
        longest = max(longest, time.perf_counter() - started)

    run()
    return ends, longest, most[0]


def main() -> int:
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    sound = True
    print("| format | changes | upright | otherwise | refused | slowest s | MB |")
    print("|---|---|---|---|---|---|---|")
    for form in sys.argv[2:] or mutations.FORMATS:
        ways = [mutations.damaged]
        if form in mutations.KNOWN:
            ways += [mutations.written_over, mutations.added]
        for way in ways:
            ends, longest, most = tried(examples, way(form))
            total = sum(ends.values())
            print(
                f"| {form} | {total} {way.__name__.replace('_', ' ')} | "
                f"{ends['upright']} | {ends['otherwise']} | {ends['refused']} | "
                f"{longest:.2f} | {most} |",
                flush=True,
            )
            sound &= longest < LONGEST and most < MOST_MB
            if way is not mutations.damaged:
                sound &= ends["upright"] >= LEAST * total
    return int(not sound)


if __name__ == "__main__":
    sys.exit(main())
