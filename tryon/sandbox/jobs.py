"""What the stand-in remembers: jobs, the requests it saw, and planned faults."""

import hashlib
import json
import math
import random
import threading
import time
import uuid
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .limiter import LIMITERS, Limiter

KEEP = 3600  # seconds that a job is kept over restarts


@dataclass
class Options:
    """Durations are in simulated seconds; `speed` divides each of them."""

    speed: float = 1
    seconds: float = 20
    spread: float = 0.35
    bimodal: bool = False  # 80 % around 15 s, 20 % around 45 s, instead
    fail_share: float = 0
    stuck_share: float = 0
    latency: float = 0  # each way, uniform up to this
    limiter: str = "sliding"
    plain: bool = False
    address_seconds: float = 0  # that a result's address works; 0 = always
    seed: int | None = None
    keep: str = ""  # a folder: jobs under way survive a restart


@dataclass
class Job:
    id: str
    mode: str
    key: str
    created: float
    duration: float
    fails: bool
    pictures: dict[str, bytes]
    digest: str
    result: bytes | None = None

    def status(self, now: float) -> str:
        age = now - self.created
        if age < min(0.1, self.duration / 10):
            return "PENDING"
        if age < self.duration:
            return "PROCESSING"
        return "FAILED" if self.fails else "COMPLETED"


@dataclass
class Fault:
    """One way to misbehave, for the `next` requests of kind `on` or with `share`.

    `on`: submit, poll, result. With `job` only for that one. `server.misbehave` says
    what the names do and what `value` means to them.
    """

    name: str
    on: str = "submit"
    next: int = 0
    share: float = 0
    value: Any = None
    job: str = ""


@dataclass
class Counts:
    submits: int = 0
    polls: int = 0
    refused_429: int = 0
    results: int = 0
    pictures: dict[str, int] = field(default_factory=dict)


class State:
    """All of the stand-in's memory, behind one lock."""

    def __init__(self, options: Options):
        self.options = options
        self.lock = threading.Lock()
        self.random = random.Random(options.seed)  # noqa: S311
        self.jobs: dict[str, Job] = {}
        self.faults: list[Fault] = []
        self.counts = Counts()
        self.limiters: dict[str, Limiter] = {}
        self.times: dict[str, list[float]] = {}
        self.folder = Path(options.keep) if options.keep else None
        if self.folder is not None:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for file in self.folder.glob("*.json"):
                self._remember(file)

    def allow(self, key: str, now: float) -> bool:
        with self.lock:
            if key not in self.limiters:
                self.limiters[key] = LIMITERS[self.options.limiter](
                    60 / self.options.speed
                )
            if not self.limiters[key].allow(now):
                self.counts.refused_429 += 1
                return False
            self.times.setdefault(key, []).append(now)
            return True

    def travel(self) -> None:
        """One way over the network."""
        o = self.options
        if o.latency:
            time.sleep(self.random.uniform(0, o.latency) / o.speed)

    def take_fault(self, on: str, job: str = "") -> Fault | None:
        """The fault that this request meets, if any; used up where it is counted."""
        with self.lock:
            for fault in self.faults:
                if fault.on != on or fault.job not in ("", job):
                    continue
                if fault.next > 0:
                    fault.next -= 1
                    return fault
                if fault.share and self.random.random() < fault.share:
                    return fault
            return None

    def draw(self) -> float:
        """Lognormal: most take about `seconds`, some much longer."""
        o = self.options
        if o.bimodal:
            middle = 15 if self.random.random() < 0.8 else 45
            return middle * math.exp(self.random.gauss(0, 0.15))
        return o.seconds * math.exp(self.random.gauss(0, o.spread))

    def create(self, key: str, mode: str, pictures: dict[str, bytes]) -> Job:
        digest = hashlib.sha256(b"".join(pictures.values())).hexdigest()
        o = self.options
        with self.lock:
            duration = self.draw()
            if self.random.random() < o.stuck_share:
                duration = math.inf
            job = Job(
                id=str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
                mode=mode,
                key=key,
                created=time.time(),
                duration=duration / o.speed,
                fails=self.random.random() < o.fail_share,
                pictures={} if o.plain else pictures,
                digest=digest,
            )
            self.jobs[job.id] = job
            self._keep(job)
            self.counts.submits += 1
            self.counts.pictures[digest] = self.counts.pictures.get(digest, 0) + 1
        return job

    def _keep(self, job: Job) -> None:
        if self.folder is None:
            return
        fields = {**vars(job), "result": None}
        fields["pictures"] = {
            name: b64encode(data).decode() for name, data in job.pictures.items()
        }
        file = self.folder / f"{job.id}.json"
        file.touch(mode=0o600)  # pictures of people
        file.write_text(json.dumps(fields))

    def _remember(self, file: Path) -> None:
        fields = json.loads(file.read_text())
        pictures = {n: b64decode(data) for n, data in fields.pop("pictures").items()}
        job = Job(**fields, pictures=pictures)
        if time.time() - job.created > KEEP:
            file.unlink()
        else:
            self.jobs[job.id] = job

    def forget(self, job: Job) -> None:
        """Its picture was fetched: what was sent need not stay on the disk."""
        if self.folder is not None:
            (self.folder / f"{job.id}.json").unlink(missing_ok=True)

    def most_in_window(self) -> int:
        """The most requests of one key that were let through in any 60 s."""
        window = 60 / self.options.speed
        most = 0
        for times in self.times.values():
            start = 0
            for end, at in enumerate(times):
                while times[start] <= at - window:
                    start += 1
                most = max(most, end - start + 1)
        return most

    def stats(self) -> dict[str, object]:
        with self.lock:
            return {
                "submits": self.counts.submits,
                "polls": self.counts.polls,
                "results": self.counts.results,
                "refused_429": self.counts.refused_429,
                "distinct_pictures": len(self.counts.pictures),
                "most_submits_of_one_picture": max(
                    self.counts.pictures.values(), default=0
                ),
                "most_in_window": self.most_in_window(),
                "jobs": {job.id: job.status(time.time()) for job in self.jobs.values()},
            }


def iso(at: float) -> str:
    return (
        datetime.fromtimestamp(at, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
