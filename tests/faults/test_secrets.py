"""The API key is in no log, no page, no row and no file, whatever the API answers."""

from pathlib import Path

import requests

from tests.faults.jobs import queue
from tests.house import KEY, house


def test_the_key_is_nowhere(tmp_path: Path) -> None:
    with house(tmp_path, speed=10, LOG_FORMAT="json", LOG_LEVEL="DEBUG") as made:
        made.start_sandbox(seconds=10, spread=0.1)
        for name, on, value in (
            ("status", "submit", 500),
            ("status", "look", 503),
            ("status", "submit", 401),
        ):
            made.order(faults=[{"name": name, "on": on, "next": 1, "value": value}])
        made.start("worker", "beat", "web")
        made.until(made.is_up)
        queue(made, 4)
        made.until(lambda: sum(made.states().values()) == 4)
        made.until(lambda: made.manage("status", check=False).returncode == 1)
        pages = [requests.get(made.url + p, timeout=9).text for p in ("/", "/readyz")]
        told = made.manage("status", "--json", check=False)
        made.stop()
    assert KEY not in "".join(pages) + told.stdout + told.stderr
    for path in tmp_path.rglob("*"):
        if path.is_file() and "sandbox" not in path.name:
            assert KEY.encode() not in path.read_bytes(), path
