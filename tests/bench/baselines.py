"""What a user could pick instead, against the same sandbox under the same load.

(a) ``docs``: the documentation's own loop, a thread a job: submit, then ask every 2 s.
(b) ``celery``: a task that retries with ``countdown=2``, each request behind one shared
first-in-first-out limiter of 60 a minute.

``python -m tests.bench.baselines docs "20 a minute"``. Simulated seconds.
"""

import argparse
import json
import math
import os
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from tests.bench.measure import KEYS, quantile
from tests.bench.scenarios import ROWS, Scenario
from tests.live import LiveSite
from tryon.sandbox.composite import blank

API = "/api/v1/virtual-try-on"
PICTURE = blank("JPEG", (384, 512))


class Job:
    def __init__(self, owner: int, key: str):
        self.owner = owner
        self.key = key
        self.created = time.time()
        self.sent: float | None = None
        self.known: float | None = None
        self.data: dict[str, Any] = {}


def post(url: str, key: str) -> requests.Response:
    files = {
        name: (f"{name}.jpg", PICTURE, "image/jpeg")
        for name in ("humanImage", "clothImage")
    }
    return requests.post(
        url + API,
        data={"garmentType": "upper_body"},
        files=files,
        headers={"X-API-Key": key},
        timeout=30,
    )


def look(url: str, key: str, job_id: str) -> requests.Response:
    return requests.get(f"{url}{API}/{job_id}", headers={"X-API-Key": key}, timeout=30)


def over(answer: requests.Response, job: Job) -> bool:
    if answer.status_code != 200:
        return False
    job.data = answer.json()["data"]
    if job.data["status"] not in ("COMPLETED", "FAILED"):
        return False
    job.known = time.time()
    return True


def docs_loop(url: str, job: Job, speed: float, ends: float) -> None:
    """The full code example, with the backoff that "Rate Limits" asks for."""
    pause = 1.0
    while time.time() < ends:
        sent = time.time()
        answer = post(url, job.key)
        if answer.status_code == 200:
            job.sent = sent
            break
        time.sleep(pause / speed)
        pause = min(pause * 2, 32)
    else:
        return
    job_id = answer.json()["data"]["jobId"]
    while time.time() < ends:
        if over(look(url, job.key, job_id), job):
            return
        time.sleep(2 / speed)


class Fifo:
    """60 requests in 61 s, counted from the answer; whoever asked first goes first."""

    def __init__(self, speed: float):
        self.window = 61 / speed
        self.turn = threading.Lock()
        self.free: deque[float] = deque([0.0] * 60)

    def run(self, request: Any) -> requests.Response:
        with self.turn:  # CPython hands a contended lock on in the order of asking
            while not self.free:
                time.sleep(0.002)
            at = self.free.popleft()
            time.sleep(max(at - time.time(), 0))
        try:
            answer: requests.Response = request()
        finally:
            self.free.append(time.time() + self.window)
        return answer


def run_docs(scenario: Scenario, site: LiveSite) -> list[Job]:
    ends = time.time() + scenario.lasts / scenario.speed
    jobs, threads = [], []
    for job in offered(scenario):
        jobs.append(job)
        thread = threading.Thread(
            target=docs_loop, args=(site.sandbox_url, job, scenario.speed, ends)
        )
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join(max(ends - time.time(), 0.1))
    return jobs


def run_celery(scenario: Scenario, site: LiveSite) -> list[Job]:
    """A real Celery worker with 64 threads, on an in-memory broker."""
    from celery import Celery

    os.environ.pop("DJANGO_SETTINGS_MODULE", None)  # a Celery of its own
    app = Celery("baseline", broker="memory://")
    app.conf.update(
        task_ignore_result=True,
        worker_timer_precision=0.02 / scenario.speed,
        broker_transport_options={"polling_interval": 0.005},
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
    )
    fifos = {key: Fifo(scenario.speed) for key in KEYS[: scenario.keys]}
    jobs: list[Job] = []
    url, again = site.sandbox_url, 2 / scenario.speed

    @app.task(name="baseline.submit")
    def submit(index: int) -> None:
        job = jobs[index]

        def send() -> requests.Response:
            job.sent = time.time()
            return post(url, job.key)

        job_id = fifos[job.key].run(send).json()["data"]["jobId"]
        check.apply_async((index, job_id), countdown=again)

    @app.task(name="baseline.check", bind=True, max_retries=None)
    def check(self: Any, index: int, job_id: str) -> None:
        job = jobs[index]
        if not over(fifos[job.key].run(lambda: look(url, job.key, job_id)), job):
            check.apply_async((index, job_id), countdown=again)

    worker = app.Worker(
        pool="threads",
        concurrency=64,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        loglevel="ERROR",
        prefetch_multiplier=64,
    )
    threading.Thread(target=worker.start, daemon=True).start()
    ends = time.time() + scenario.lasts / scenario.speed
    for index, job in enumerate(offered(scenario)):
        jobs.append(job)
        submit.apply_async((index,))
    time.sleep(max(ends - time.time(), 0))
    return jobs


def offered(scenario: Scenario) -> Iterator[Job]:
    """Each job at its time; keys take turns."""
    started = time.time()
    for n, (at, owner) in enumerate(sorted(scenario.arrivals)):
        time.sleep(max(started + at / scenario.speed - time.time(), 0))
        yield Job(owner, KEYS[n % scenario.keys])


def bearable(scenario: Scenario) -> Scenario:
    """All jobs of a pile ask at once in the documentation's loop: slower and fewer,
    or two cores could not play the API."""
    if len([at for at, _ in scenario.arrivals if at == 0]) < 100:
        return scenario
    jobs, lasts = scenario.arrivals[: 300 * scenario.keys], min(scenario.lasts, 600)
    return replace(scenario, arrivals=jobs, lasts=lasts, speed=2)


def figures(scenario: Scenario, jobs: list[Job], started: float) -> dict[str, Any]:
    speed, begin = scenario.speed, started + scenario.warm_up / scenario.speed
    unseen, lost, wait, light = [], [], [], []
    for job in jobs:
        if job.known is None or job.sent is None:
            wait.append(math.inf)  # so that quantiles know of it
            continue
        if job.sent < begin and scenario.warm_up:
            continue
        finished = datetime.fromisoformat(job.data["processingCompletedAt"]).timestamp()
        unseen.append((job.known - finished) * speed)
        lost.append((job.known - finished + job.sent - job.created) * speed)
        wait.append((job.known - job.created) * speed)
        if job.owner:
            light.append(lost[-1])
    known = sum(job.known is not None and job.known > begin for job in jobs)
    minutes = (scenario.lasts - scenario.warm_up) / 60
    return {
        "jobs": len(unseen),
        "jobs_per_minute": round(known / minutes, 2),
        "unseen_p50": quantile(unseen, 0.5),
        "unseen_p95": quantile(unseen, 0.95),
        "lost_mean": round(sum(lost) / max(len(lost), 1), 2),
        "wait_p50": quantile(wait, 0.5),
        "wait_p95": quantile(wait, 0.95),
        "light_lost_p50": quantile(light, 0.5),
        "light_lost_p95": quantile(light, 0.95),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["docs", "celery"])
    parser.add_argument("name")
    options = parser.parse_args()
    scenario = next(row for row in ROWS if row.name == options.name)
    if options.kind == "docs":
        scenario = bearable(scenario)
    run = {"docs": run_docs, "celery": run_celery}[options.kind]
    site = LiveSite(Path(tempfile.mkdtemp(prefix="bench-")), scenario.speed)
    try:
        site.start_sandbox(plain=True, seed=3, **scenario.sandbox)
        started = time.time()
        jobs = run(scenario, site)
        told = figures(scenario, jobs, started)
        seen = site.sandbox() or {}
        told["refused_429"] = seen["refused_429"]
        asked = seen["submits"] + seen["polls"] + seen["refused_429"]
        known = sum(job.known is not None for job in jobs)
        told["requests_per_job"] = round(asked / max(known, 1), 2)
        told["speed"] = scenario.speed
        print(json.dumps(told), flush=True)
    finally:
        site.kill_all()


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    # Threads of the baselines wait on for jobs that nobody will ask for.
    os._exit(0)
