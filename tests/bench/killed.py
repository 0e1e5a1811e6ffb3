"""A worker is killed within a fetch: simulated seconds until the picture is there.

``python -m tests.bench.killed [runs]``; required: at most 20, in each of ten runs.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

os.environ.update(
    ENV_FILE="",
    DEBUG="1",
    DATA_DIR=tempfile.mkdtemp(prefix="bench-"),
    DJANGO_SETTINGS_MODULE="vto_site.settings",
)

import django

django.setup()

from tests.faults.jobs import seconds_after_a_kill
from tests.live import live_site

MOST = 20


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    folder = Path(tempfile.mkdtemp(prefix="killed-"))
    with live_site(folder, speed=2, TRYON_DAILY_LIMIT="1000") as site:
        site.start_sandbox(seconds=2)
        site.start("worker", "beat")
        took = [round(seconds_after_a_kill(site), 1) for _ in range(runs)]
        submits = site.sandbox()["submits"]
    print(json.dumps({"runs": took, "most": max(took), "submits": submits}))
    return int(max(took) > MOST or submits != runs)


if __name__ == "__main__":
    sys.exit(main())
