"""The REST API beside the scheduler: 50 requests a second, and 20 jobs a minute.

``python -m tests.bench.api``: the row "20 a minute" at five times the speed, once alone
and once with a web process that answers a mix of requests. Ends with 1 if a figure of
the scheduler's is missed beside the API, or an answer is none that was expected.
"""

import io
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests
from PIL import Image

from tests.bench import measure
from tests.bench.__main__ import OURS, misses
from tests.bench.scenarios import ROWS
from tests.live import LiveSite, live_site

RATE = 50  # requests a second
SPEED = 5
SCENARIO = replace(next(r for r in ROWS if r.name == "20 a minute"), speed=SPEED)


class Load:
    """Programs of the shop, all with one key; `seconds` of each kind of request."""

    def __init__(self, site: LiveSite, secret: str):
        self.api = f"{site.url}/api/v1"
        self.local = threading.local()
        self.headers = {"Authorization": f"Bearer {secret}"}
        self.seconds: dict[str, list[float]] = {}
        self.wrong: Counter[str] = Counter()
        self.ended = threading.Event()
        picture = {"file": _picture()}
        piece = {"name": "Shirt", "kind": "upper_body"}
        self.call("PUT", "/garments/FR-1", data=piece, files=picture)
        photo = self.call("POST", "/photos", data={"consent": "1"}, files=picture)
        self.wanted = {"photo": photo.json()["id"], "garment": "FR-1"}
        made = self.call("POST", "/try-ons", json=self.wanted)
        self.path = f"/try-ons/{made.json()['id']}"
        self.etag = self.call("GET", self.path).headers["ETag"]

    def call(self, method: str, path: str, **body: Any) -> requests.Response:
        if not hasattr(self.local, "session"):
            self.local.session = requests.Session()
            self.local.session.headers.update(self.headers)
        url = self.api + path
        response: requests.Response = self.local.session.request(
            method, url, timeout=30, **body
        )
        return response

    def one(self) -> None:
        kinds = {
            "GET unchanged": (50, "GET", self.path),
            "GET": (20, "GET", self.path),
            "list": (10, "GET", "/try-ons?limit=20"),
            "garments": (10, "GET", "/garments?limit=20"),
            "limits": (5, "GET", "/limits"),
            "POST the same": (5, "POST", "/try-ons"),
        }
        weights = [weight for weight, _method, _path in kinds.values()]
        (name,) = random.choices(list(kinds), weights)
        _weight, method, path = kinds[name]
        body: dict[str, Any] = {"json": self.wanted} if method == "POST" else {}
        if name == "GET unchanged":
            body = {"headers": {"If-None-Match": self.etag}}
        began = time.perf_counter()
        response = self.call(method, path, **body)
        self.seconds.setdefault(name, []).append(time.perf_counter() - began)
        if response.status_code not in (200, 304):
            self.wrong[f"{name}: {response.status_code}"] += 1
        elif name == "GET unchanged" and response.status_code == 200:
            self.etag = response.headers["ETag"]

    def run(self) -> None:
        started, sent = time.monotonic(), 0
        with ThreadPoolExecutor(32) as pool:
            while not self.ended.wait(0.02):
                due = int((time.monotonic() - started) * RATE)
                for _n in range(due - sent):
                    pool.submit(self.one)
                sent = due

    def figures(self) -> dict[str, Any]:
        return {
            name: {
                "n": len(times),
                "p50_ms": round(1000 * (measure.quantile(times, 0.5) or 0)),
                "p95_ms": round(1000 * (measure.quantile(times, 0.95) or 0)),
            }
            for name, times in self.seconds.items()
        } | {"wrong": dict(self.wrong)}


def _picture() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((384, 512), 40).convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


def run(*, beside: bool) -> dict[str, Any]:
    env = {"MIRAGIC_API_KEYS": measure.KEYS[0], "TRYON_DAILY_LIMIT": "100000"}
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    with live_site(folder, SPEED, TRYON_API_RATE="1000000", **env) as site:
        site.start_sandbox(plain=True, seed=3, **SCENARIO.sandbox)
        if not beside:
            return measure.run(SCENARIO, site)
        site.start("web")
        site.until(site.is_up)
        load = Load(site, site.manage("shop_key", "bench").stdout.strip())
        thread = threading.Thread(target=load.run)
        thread.start()
        try:
            figures = measure.run(SCENARIO, site)
        finally:
            load.ended.set()
            thread.join()
        return {**figures, "api": load.figures()}


def main() -> int:
    if len(sys.argv) > 1:  # in a process of its own: Django is set up once
        sys.stdout.write(json.dumps(run(beside=sys.argv[1] == "beside")) + "\n")
        return 0
    alone = measured_in_process("alone")
    beside = measured_in_process("beside")
    api = beside.pop("api")
    print(json.dumps({"alone": alone, "beside": beside, "api": api}, indent=1))
    wrong = misses(SCENARIO, OURS, beside)
    print("; ".join(wrong) or "ok")
    return int(bool(wrong or api["wrong"]))


def measured_in_process(which: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.api", which]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=os.environ)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    sys.exit(main())
