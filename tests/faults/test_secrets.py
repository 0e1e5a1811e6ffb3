"""The API key is in no log, no page, no row and no file, whatever the API answers."""

from pathlib import Path

import requests

from tests.faults.jobs import queue
from tests.live import KEY, live_site


def test_the_key_is_nowhere(tmp_path: Path) -> None:
    with live_site(tmp_path, speed=10, LOG_FORMAT="json", LOG_LEVEL="DEBUG") as site:
        site.start_sandbox(seconds=10, spread=0.1)
        for name, on, value in (
            ("status", "submit", 500),
            ("status", "poll", 503),
            ("status", "submit", 401),
        ):
            site.order(faults=[{"name": name, "on": on, "next": 1, "value": value}])
        site.start("worker", "beat", "web")
        site.until(site.is_up)
        queue(site, 4)
        site.until(lambda: sum(site.states().values()) == 4)
        site.until(lambda: site.manage("status", check=False).returncode == 1)
        pages = [requests.get(site.url + p, timeout=9).text for p in ("/", "/readyz")]
        told = site.manage("status", "--json", check=False)
        site.stop()
    assert KEY not in "".join(pages) + told.stdout + told.stderr
    files = [p for p in tmp_path.rglob("*") if p.is_file() and "sandbox" not in p.name]
    assert {"beat.log", "web.log", "worker.log"} <= {path.name for path in files}
    for path in files:
        assert KEY.encode() not in path.read_bytes(), path
