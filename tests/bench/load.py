"""The production stack under load, on this machine, which also makes the load.

``python -m tests.bench.load [browsing] [uploads] [drain]``: 100 visitors at once beside
a bare Django view; 200 photos of 12 megapixels at once; 2,000 queued jobs, four keys,
ten times the speed.
Client, servers and databases share the cores: ratios say more than figures.
"""

import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import requests
from PIL import Image

from tests.bench.measure import KEYS, quantile
from tests.live import BIN, LiveSite, free_pair
from tests.servers import Server
from tests.stack import LOGIN, stack

VISITORS, SECONDS = 100, 20
UPLOADS = 200
JOBS, SPEED = 2000, 10
BOUND = 113  # jobs a minute, of four keys
PAGES = ("/", "/try-on/", "/gallery/", "/garments/", "/photos/", "/account/")


def signed_in(url: str, password: str) -> requests.Session:
    session = requests.Session()
    page = session.get(f"{url}/account/login/", timeout=30).text
    session.post(
        f"{url}/account/login/",
        {"login": LOGIN, "password": password, "csrfmiddlewaretoken": token(page)},
        timeout=30,
    )
    return session


def token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def at_once(count: int, act: Callable[[int], None]) -> float:
    started = time.perf_counter()
    threads = [threading.Thread(target=act, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def browse(addresses: list[str], cookies: Any) -> dict[str, Any]:
    """Each visitor goes from page to page without a pause."""
    took: list[float] = []
    answers: Counter[int] = Counter()
    ends = time.monotonic() + SECONDS

    def visit(n: int) -> None:
        session = requests.Session()
        session.cookies.update(cookies)
        for turn in range(n, 10_000):
            if time.monotonic() > ends:
                return
            started = time.perf_counter()
            try:
                answer = session.get(addresses[turn % len(addresses)], timeout=60)
                answers[answer.status_code] += 1
            except requests.RequestException:
                answers[0] += 1
            took.append(time.perf_counter() - started)

    at_once(VISITORS, visit)
    return {
        "answers": dict(answers),
        "a_second": round(len(took) / SECONDS),
        "p50_ms": round((quantile(took, 0.5) or 0) * 1000),
        "p95_ms": round((quantile(took, 0.95) or 0) * 1000),
    }


def photo() -> bytes:
    """12 megapixels, over 3 MB."""
    small = Image.effect_noise((1000, 750), 60).convert("RGB")
    out = io.BytesIO()
    small.resize((4000, 3000), Image.Resampling.BICUBIC).save(out, "JPEG", quality=93)
    assert out.tell() >= 3 * 10**6, out.tell()
    return out.getvalue()


def upload(site: LiveSite, session: requests.Session) -> dict[str, Any]:
    """All at once; who is told to come again does."""
    form = token(session.get(f"{site.url}/photos/", timeout=30).text)
    whole, answers = photo(), Counter[int]()
    cookies = session.cookies.get_dict()

    def send(n: int) -> None:
        # A comment of its own makes each another file.
        data = whole[:2] + b"\xff\xfe\x00\x06" + n.to_bytes(4, "big") + whole[2:]
        while True:
            try:
                answer = requests.post(
                    f"{site.url}/photos/",
                    {"csrfmiddlewaretoken": form, "consent": "on"},
                    files={"photo_file": ("x.jpg", data, "image/jpeg")},
                    cookies=cookies,
                    allow_redirects=False,
                    timeout=300,
                )
            except requests.RequestException:
                answers[0] += 1
                return
            answers[answer.status_code] += 1
            if answer.status_code != 503:
                return
            time.sleep(int(answer.headers["Retry-After"]) + random.random() * 5)

    with Memory(site) as memory:
        seconds = at_once(UPLOADS, send)
    return {
        "answers": dict(answers),
        "seconds": round(seconds),
        "most_memory_mb": memory.most,
    }


class Memory:
    """The most resident memory of each process, with its children's each alone."""

    def __init__(self, site: LiveSite):
        self.site, self.most = site, dict[str, int]()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self) -> None:
        while not self.ended.wait(0.5):
            for name, process in self.site.processes.items():
                try:
                    first = psutil.Process(process.pid)
                    for one in [first, *first.children(recursive=True)]:
                        used = one.memory_info().rss // 2**20
                        self.most[name] = max(self.most.get(name, 0), used)
                except psutil.NoSuchProcess:
                    continue

    def __enter__(self) -> "Memory":
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.ended.set()
        self.thread.join()


def drain(site: LiveSite, parts: dict[str, Server]) -> dict[str, Any]:
    from django.db.models import Max, Min

    from tests.bench import jobs
    from tests.bench.scenarios import Scenario
    from tryon.models import Status, TryOn

    jobs.prepare(Scenario("drain", [(0.0, 0)], 0))
    site.stop("worker", "beat")
    for _ in range(JOBS):
        jobs.create(0)
    site.commands["worker-2"] = site.commands["worker"]
    site.start("worker", "worker-2", "beat")
    before, started = spent(site, parts), time.time()
    mine = TryOn.objects.filter(owner__email="u0@example.org")
    while mine.filter(status=Status.COMPLETED).count() < JOBS:
        assert time.time() < started + 600, site.logs()
        time.sleep(0.25)  # to look more often takes a core's tenth from those who work
    took = time.time() - started
    ends = mine.aggregate(first=Min("finished_at"), last=Max("finished_at"))
    minutes = (ends["last"] - ends["first"]).total_seconds() * SPEED / 60
    told = site.sandbox() or {}
    used = {
        name: round(100 * (now - before[name]) / took)
        for name, now in spent(site, parts).items()
    }
    return {
        "cpu_percent": used,
        # From the first picture to the last; and with the start of the workers.
        "jobs_per_minute": round((JOBS - 1) / minutes, 1),
        "of_the_whole": round(JOBS / took / SPEED * 60, 1),
        "refused_429": told["refused_429"],
        "most_in_window": told["most_in_window"],
    }


def spent(site: LiveSite, parts: dict[str, Server]) -> dict[str, float]:
    """Seconds of a core by process, with its children's."""
    found = {"this": sum(psutil.Process().cpu_times()[:2])}
    processes = {name: one.process for name, one in parts.items()} | site.processes
    for name, process in processes.items():
        assert process is not None
        first = psutil.Process(process.pid)
        times = [first, *first.children(recursive=True)]
        found[name] = sum(sum(one.cpu_times()[:2]) for one in times)
    return found


def bare() -> dict[str, Any]:
    port, _other = free_pair()
    command = [BIN / "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port"]
    command += [str(port), "--workers", "1", "--blocking-threads", "16", "--no-ws"]
    command += ["tests.bench.bare:application"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}/"
        ends = time.monotonic() + 20
        while True:
            try:
                requests.get(url, timeout=5)
                break
            except requests.ConnectionError:
                assert time.monotonic() < ends
                time.sleep(0.1)
        return browse([url], {})
    finally:
        process.terminate()
        process.wait()


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="load-"))
    keys = ",".join(KEYS[:4])
    limits = {"TRYON_DAILY_LIMIT": "100000", "MIRAGIC_API_KEYS": keys}
    found: dict[str, Any] = {}
    chosen = sys.argv[1:] or ("browsing", "uploads", "drain")
    with stack(folder, SPEED, **limits) as (site, parts):
        site.start_sandbox(plain=True, seed=3)
        site.env["MIRAGIC_API_KEYS"] = ""  # only the sandbox has the demo
        site.manage("demo")
        site.env["MIRAGIC_API_KEYS"] = keys
        accounts = json.loads((folder / "data" / "demo-accounts.json").read_text())
        site.start("worker", "beat", "web")
        site.until(site.is_up)
        os.environ.update(site.env)
        import django

        django.setup()
        from tryon.models import Photo

        session = signed_in(site.url, accounts[LOGIN])
        if "browsing" in chosen:
            addresses = [site.url + page for page in PAGES]
            found["browsing"] = browse(addresses, session.cookies)
            found["a bare view"] = bare()
        if "uploads" in chosen:
            before = Photo.objects.count()
            found["uploads"] = upload(site, session)
            found["uploads"]["stored"] = Photo.objects.count() - before
        if "drain" in chosen:
            with Memory(site) as memory:
                found["drain"] = drain(site, parts)
            found["drain"]["most_memory_mb"] = memory.most
    for name, figures in found.items():
        print(f"{name}: {json.dumps(figures)}")
    wrong = missed(found)
    if wrong:
        print(f"missed: {', '.join(wrong)}")
    return int(bool(wrong))


def missed(found: dict[str, Any]) -> list[str]:
    """What was required and not reached."""
    wrong = []
    if "browsing" in found and set(found["browsing"]["answers"]) != {200}:
        wrong.append("an error while browsing")
    if "uploads" in found and found["uploads"]["stored"] != UPLOADS:
        wrong.append("an upload lost")
    for name in found.keys() & {"uploads", "drain"}:
        if max(found[name]["most_memory_mb"].values()) >= 600:
            wrong.append(f"600 MB, {name}")
    if "drain" in found:
        told = found["drain"]
        if told["refused_429"] or told["jobs_per_minute"] < BOUND:
            wrong.append("the bound of four keys")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
