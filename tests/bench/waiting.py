"""300 waiting pages open at once: looks a page, and how soon a result is on the screen.

``python -m tests.bench.waiting [pages] [--aged]``: real processes at real speed, four
keys; each page is a thread that does what `static/js/updates.js` does. With `--aged` in
a shop of years (`tests.bench.past`).
"""

import json
import os
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from tests.bench.measure import KEYS, quantile
from tests.live import LiveSite

OVER = ("completed", "failed", "canceled", "unconfirmed")
FIRST_LOOK = 1.0  # seconds after the page has loaded


@dataclass
class Waiting:
    """One page: when it looked, and when it showed the result."""

    pk: str
    token: str
    cookies: dict[str, str]
    before: int = 0  # looks before its job was sent
    after: int = 0
    shown: float | None = None

    def run(self, url: str, ends: float) -> None:
        status, delay = "queued", FIRST_LOOK
        session = requests.Session()
        while time.time() < ends:
            time.sleep(delay)
            told = session.get(
                f"{url}/try-on/updates/",
                params={"card": f"{self.pk}:{status}", "token": self.token},
                cookies=self.cookies,
                timeout=30,
            ).json()
            new = told["cards"][self.pk]["status"]
            if new == "queued":
                self.before += 1
            else:
                self.after += 1
            status = new
            if status in OVER:
                # Then the page asks for itself.
                session.get(
                    f"{url}/try-on/{self.pk}/", cookies=self.cookies, timeout=30
                )
                self.shown = time.time()
                return
            delay = told["poll_in"]


def main() -> int:
    numbers = [word for word in sys.argv[1:] if word.isdigit()]
    count = int(numbers[0]) if numbers else 300
    env = {
        "MIRAGIC_API_KEYS": ",".join(KEYS[:4]),
        "TRYON_DAILY_LIMIT": "100000",
    }
    site = LiveSite(Path(tempfile.mkdtemp(prefix="waiting-")), 1, **env)
    try:
        site.prepare()
        os.environ.update(site.env)
        import django

        django.setup()
        if "--aged" in sys.argv:
            age()
        site.start_sandbox(plain=True, seed=3)
        site.start("web", "worker", "beat")
        site.until(site.is_up)
        figures = measure(site, count)
    finally:
        site.kill_all()
    print(json.dumps(figures))
    sound = (
        figures["looks_after_mean"] <= 12
        and figures["shown_p95"] <= 2
        and figures["not_shown"] == 0
    )
    return 0 if sound else 1


def age() -> None:
    from tests.bench import past

    past.fill(past.AGED, datetime.now(UTC))


def measure(site: LiveSite, count: int) -> dict[str, Any]:
    from django.conf import settings
    from django.test import Client

    from tests.bench import jobs
    from tests.bench.scenarios import Scenario
    from tryon.models import TryOn, User
    from tryon.web import poll_token

    jobs.prepare(Scenario("waiting", [(0.0, n) for n in range(count)], 0))
    pages = []
    name = settings.SESSION_COOKIE_NAME
    for n in range(count):
        jobs.create(n)
        owner = User.objects.get(email=f"u{n}@example.org")
        client = Client()
        client.force_login(owner)
        pk = str(owner.try_ons.get().pk)
        cookies = {name: client.cookies[name].value}
        pages.append(Waiting(pk, poll_token.sign_owner(owner), cookies))
    ends = time.time() + 400
    threads = [
        threading.Thread(target=page.run, args=(site.url, ends)) for page in pages
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    known = dict(TryOn.objects.values_list("pk", "finished_at"))
    late = [
        page.shown - at.timestamp()
        for page in pages
        if page.shown and (at := known[_uuid(page.pk)])
    ]
    return {
        "pages": count,
        "looks_before_mean": round(statistics.mean(p.before for p in pages), 1),
        "looks_after_mean": round(statistics.mean(p.after for p in pages), 1),
        "looks_after_most": max(p.after for p in pages),
        "shown_p50": quantile(late, 0.5),
        "shown_p95": quantile(late, 0.95),
        "not_shown": sum(page.shown is None for page in pages),
        "unchanged_look_ms": unchanged(pages[0]),
    }


def unchanged(page: Waiting) -> float:
    """Server time of a look that finds nothing new, in this process: median ms."""
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1")
    times = []
    address = {"card": f"{page.pk}:completed", "token": page.token}
    for _ in range(50):
        started = time.perf_counter()
        assert client.get("/try-on/updates/", address).status_code == 200
        times.append((time.perf_counter() - started) * 1000)
    return round(statistics.median(times), 2)


def _uuid(text: str) -> Any:
    import uuid

    return uuid.UUID(text)


if __name__ == "__main__":
    sys.exit(main())
