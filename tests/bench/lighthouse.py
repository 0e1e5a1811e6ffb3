"""Lighthouse on `/`, compose, a result and the gallery, against a production-like run.

``python -m tests.bench.lighthouse PATH/TO/lighthouse`` (``npm install lighthouse``):
DEBUG=0, hashed and compressed static files; the median of three, and the weight of a
first view.
"""

import argparse
import gzip
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.live import CHROMIUM_FLAGS, LiveSite, free_pair

LOGIN = "customer@example.org"
REQUIRED = {"performance": 95, "accessibility": 100, "best-practices": 100}
ASSET = re.compile(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"')
IMPORT = re.compile(rb'from\s*"(\.?/[^"]+\.js)"|import\("([^"]+\.js)"\)')


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("lighthouse")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    env = {
        "DEBUG": "0",
        "SECRET_KEY": "bench-" + "x" * 50,
        "ALLOWED_HOSTS": "127.0.0.1",
        "MIRAGIC_API_KEYS": "",
        "MIRAGIC_BASE_URL": "",
    }
    site = LiveSite(Path(tempfile.mkdtemp(prefix="lighthouse-")), 10, **env)
    try:
        site.prepare()
        site.manage("collectstatic", "--noinput", "--verbosity", "0")
        site.start_sandbox(spread=0.1)
        site.manage("demo")
        site.start("worker", "beat", "web")
        site.until(site.is_up)
        site.until(lambda: site.states()["completed"] >= 4)
        return measure(site, options.lighthouse, options.rounds)
    finally:
        site.kill_all()


@contextmanager
def browser(site: LiveSite, port: int) -> Iterator[None]:
    """A browser that is signed in, for Lighthouse to drive."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(site.folder / "profile"),
            executable_path="/usr/bin/chromium",
            args=[*CHROMIUM_FLAGS, f"--remote-debugging-port={port}"],
        )
        page = context.new_page()
        page.goto(f"{site.url}/account/login/")
        page.fill("[name=login]", LOGIN)
        page.fill("[name=password]", password(site))
        page.click("main button.primary")
        page.wait_for_url("**/try-on/")
        yield
        context.close()


def measure(site: LiveSite, lighthouse: str, rounds: int) -> int:
    session = signed_in(site)
    port = free_pair()[0]
    gallery = session.get(f"{site.url}/gallery/", timeout=10).text
    result = re.search(r'state-completed"\s+data-card="([0-9a-f-]+)"', gallery)
    assert result is not None
    pages = {
        "/": "/",
        "compose": "/try-on/",
        "result": f"/try-on/{result[1]}/",
        "gallery": "/gallery/",
    }
    print(
        "| page | performance | accessibility | best practices | CLS | KB first view |"
    )
    print("|---" * 6 + "|")
    missed = False
    with browser(site, port):
        for name, path in pages.items():
            found = [run(lighthouse, site.url + path, port) for _ in range(rounds)]
            scores = {
                key: statistics.median(one[key] for one in found)
                for key in (*REQUIRED, "cls")
            }
            kilobytes = weight(session, site.url, path) / 1000
            missed = missed or any(
                scores[key] < least for key, least in REQUIRED.items()
            )
            missed = missed or scores["cls"] > 0.02 or kilobytes > 100
            told = [f"{scores[key]:.0f}" for key in REQUIRED]
            told += [f"{scores['cls']:.3f}", f"{kilobytes:.0f}"]
            print(f"| {name} | {' | '.join(told)} |", flush=True)
    return int(missed)


def password(site: LiveSite) -> str:
    accounts = json.loads((site.folder / "data" / "demo-accounts.json").read_text())
    return str(accounts[LOGIN])


def signed_in(site: LiveSite) -> requests.Session:
    session = requests.Session()
    page = f"{site.url}/account/login/"
    token = re.search(
        r'csrfmiddlewaretoken" value="([^"]+)"', session.get(page, timeout=10).text
    )
    assert token is not None
    session.post(
        page,
        {
            "csrfmiddlewaretoken": token[1],
            "login": LOGIN,
            "password": password(site),
        },
        headers={"Referer": page},
        timeout=10,
    )
    return session


def run(lighthouse: str, url: str, port: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        subprocess.run(
            [
                lighthouse,
                url,
                "--output=json",
                f"--output-path={out}",
                "--quiet",
                f"--port={port}",
                "--disable-storage-reset",  # stay signed in
            ],
            check=True,
        )
        report = json.loads(out.read_text())
    if folder := os.environ.get("REPORTS"):
        name = re.sub(r"\W+", "-", url.partition("//")[2])
        Path(folder).mkdir(exist_ok=True)
        (Path(folder) / f"{name}.json").write_text(json.dumps(report))
    scores = {key: round(report["categories"][key]["score"] * 100) for key in REQUIRED}
    shift = report["audits"]["cumulative-layout-shift"]["numericValue"]
    return {**scores, "cls": shift}


def weight(session: requests.Session, url: str, path: str) -> int:
    """Bytes of HTML, CSS and JavaScript as they travel, imported modules too."""
    page = session.get(url + path, timeout=10)
    total = len(gzip.compress(page.content))
    waiting = set(ASSET.findall(page.text))
    seen = set()
    while waiting:
        address = waiting.pop()
        seen.add(address)
        raw = session.get(url + address, timeout=10)
        assert raw.headers.get("Content-Encoding") in ("gzip", "br"), address
        total += int(raw.headers["Content-Length"])
        for a, b in IMPORT.findall(raw.content):
            name = (a or b).decode().rpartition("/")[2]
            imported = f"{address.rpartition('/')[0]}/{name}"
            if imported not in seen:
                waiting.add(imported)
    return total


if __name__ == "__main__":
    sys.exit(main())
