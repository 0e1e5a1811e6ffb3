"""The button on product pages: how heavy it is, and how fast its one request.

``python -m tests.bench.embed``: the script's size, then 200 product views a second of
20 buttons each, beside as many requests for a static file. With ``PATH/TO/lighthouse``
instead the demo shop's page with the button and without. Ends with 1 if the script has
over 6 KB, an answer is none that was expected, or a score differs by more than a point.
"""

import argparse
import gzip
import re
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import requests

from tests.bench import lighthouse, measure
from tests.live import CHROMIUM_FLAGS, LiveSite, free_pair

VIEWS = 200  # a second
SECONDS = 20
LARGEST = 6 * 1024  # bytes, compressed
LISTED = "https://shop.example.org"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("lighthouse", nargs="?")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    shop_port = free_pair()[0]
    shop = f"http://127.0.0.1:{shop_port}"
    env = {
        "SECRET_KEY": "bench-" + "x" * 50,
        "ALLOWED_HOSTS": "127.0.0.1",
        "MIRAGIC_API_KEYS": "",
        "MIRAGIC_BASE_URL": "",
        # Only with DEBUG may a page without https show us.
        "DEBUG": "1" if options.lighthouse else "0",
        "TRYON_EMBED_ORIGINS": shop if options.lighthouse else LISTED,
    }
    site = LiveSite(Path(tempfile.mkdtemp(prefix="embed-")), 10, **env)
    site.commands["demo_shop"] = f"python manage.py demo_shop --port {shop_port}"
    try:
        site.prepare()
        site.manage("collectstatic", "--noinput", "--verbosity", "0")
        site.start_sandbox(spread=0.1)
        site.manage("demo")
        site.start("web", "demo_shop")
        site.until(site.is_up)
        if options.lighthouse:
            return int(compare(site, shop, options.lighthouse, options.rounds))
        return int(weigh(site) | Views(site).measure())
    finally:
        site.kill_all()


def weigh(site: LiveSite) -> bool:
    script = requests.get(f"{site.url}/embed.js", timeout=10).content
    size = len(gzip.compress(script, 6))
    print(f"embed.js: {size} bytes compressed")
    return size > LARGEST


class Views:
    """Product views, each with a request for all its buttons, and one for a file."""

    def __init__(self, site: LiveSite):
        rows = site.manage("shell", "-v", "0", "-c", CATALOGUE).stdout.split()
        query = urlencode(
            [("module", ""), *(("sku", sku) for sku in rows), ("lang", "en")]
        )
        self.addresses = {
            "buttons": f"{site.url}/embed/garments?{query}",
            "file": site.url + find_module(site),
        }
        self.headers = {"Origin": LISTED}
        self.local = threading.local()
        self.seconds: dict[str, list[float]] = {"buttons": [], "file": []}
        self.wrong = 0
        assert len(rows) == 20

    def ask(self, name: str) -> None:
        if not hasattr(self.local, "session"):
            self.local.session = requests.Session()
        began = time.perf_counter()
        response = self.local.session.get(
            self.addresses[name], headers=self.headers, timeout=30
        )
        self.seconds[name].append(time.perf_counter() - began)
        self.wrong += response.status_code != 200

    def measure(self) -> bool:
        started, sent = time.monotonic(), 0
        with ThreadPoolExecutor(32) as pool:
            while (passed := time.monotonic() - started) < SECONDS:
                for _n in range(int(passed * VIEWS) - sent):
                    pool.submit(self.ask, "buttons")
                    pool.submit(self.ask, "file")
                    sent += 1
                time.sleep(0.01)
        took = time.monotonic() - started
        print(f"{sent} views in {took:.1f} s, {self.wrong} wrong answers")
        p95 = {}
        for name, times in self.seconds.items():
            p50, p95[name] = (
                measure.quantile(times, share) or 0 for share in (0.5, 0.95)
            )
            print(f"{name}: p50 {1000 * p50:.1f} ms, p95 {1000 * p95[name]:.1f} ms")
        print(f"p95 of the buttons to the file's: {p95['buttons'] / p95['file']:.2f}")
        return bool(self.wrong)


def find_module(site: LiveSite) -> str:
    """A script of ours, by the name that its contents give it."""
    html = requests.get(site.url, timeout=10).text
    found = re.search(r"/static/js/fitting\.\w+\.js", html)
    assert found is not None
    return found[0]


CATALOGUE = """
from tryon.models import Garment
print(*Garment.objects.catalogue().values_list("sku", flat=True)[:20])
"""


def compare(site: LiveSite, shop: str, program: str, rounds: int) -> bool:
    """In turn, so that what disturbs one disturbs the other."""
    from playwright.sync_api import sync_playwright

    port = free_pair()[0]
    pages = {"with": f"{shop}/dress", "without": f"{shop}/dress?plain"}
    found: dict[str, list[dict[str, float]]] = {name: [] for name in pages}
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(site.folder / "profile"),
            executable_path="/usr/bin/chromium",
            args=[*CHROMIUM_FLAGS, f"--remote-debugging-port={port}"],
        )
        for _round in range(rounds):
            for name, address in pages.items():
                found[name].append(lighthouse.run(program, address, port))
        context.close()
    missed = False
    for key in (*lighthouse.REQUIRED, "cls"):
        scores = {n: statistics.median(one[key] for one in found[n]) for n in pages}
        print(
            f"{key}: {scores['with']:g} with the button, {scores['without']:g} without"
        )
        missed |= abs(scores["with"] - scores["without"]) > 1
    return missed


if __name__ == "__main__":
    raise SystemExit(main())
