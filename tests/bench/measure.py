"""One scenario against this system: real processes, real HTTP, figures as JSON.

Run by `tests.bench`; alone: ``python -m tests.bench.measure "20 a minute"``.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from tests.bench.scenarios import ROWS, Scenario
from tests.live import LiveSite, live_site

DOWN = 30  # simulated seconds without worker and beat
LAUNCH = 2.5  # real seconds that they need to be up
KEYS = ["sk_live_" + str(n) * 43 for n in range(1, 10)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--limiter", default="")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--database-url", default="")
    parser.add_argument("--broker-url", default="")
    options = parser.parse_args()
    scenario = next(row for row in ROWS if row.name == options.name)
    env = {
        "MIRAGIC_API_KEYS": ",".join(KEYS[: scenario.keys]),
        "TRYON_DAILY_LIMIT": "100000",
        "DATABASE_URL": options.database_url,
        "CELERY_BROKER_URL": options.broker_url,
    }
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    with live_site(folder, scenario.speed, **env) as site:
        site.start_sandbox(
            plain=True,
            limiter=scenario.limiter or options.limiter or "sliding",
            seed=options.seed,
            **scenario.sandbox,
        )
        print(json.dumps(run(scenario, site)))


def run(scenario: Scenario, site: LiveSite) -> dict[str, Any]:
    os.environ.update(site.env)
    import django

    django.setup()
    from tests.bench import jobs

    jobs.prepare(scenario)
    site.start("worker", "beat")
    site.until(lambda: jobs.last_tick() is not None)
    started = time.time()
    for at, act in sorted(events(scenario, site, jobs.create), key=lambda e: e[0]):
        time.sleep(max(started + at / scenario.speed - time.time(), 0))
        act()
    end = started + scenario.lasts / scenario.speed
    time.sleep(max(end - time.time(), 0))
    if scenario.warm_up == 0 or scenario.downs:
        site.until(jobs.all_over, seconds=120)
    figures = jobs.figures(scenario, started)
    figures["cpu_percent"] = cpu_percent(site, time.time() - started)
    site.stop("worker", "beat")  # so that every answer on its way is in the database
    told = site.sandbox() or {}
    figures |= {
        "refused_429": told["refused_429"],
        "most_in_window": told["most_in_window"],
        "submitted_twice": told["submits"] - jobs.count_submitted(),
    }
    site.stop()
    return figures


def events(
    scenario: Scenario, site: LiveSite, create: Callable[[int], None]
) -> Iterator[tuple[float, Callable[[], None]]]:
    """What happens when, in simulated seconds: arrivals, orders, kills."""

    def kill() -> None:
        for name in ("worker", "beat"):
            site.kill(name)

    for at, owner in scenario.arrivals:
        yield at, partial(create, owner)
    for at, order in scenario.orders:
        yield at, partial(site.order, **order)
    for at in scenario.downs:
        yield at, kill
        yield at + DOWN - LAUNCH * scenario.speed, partial(site.start, "worker", "beat")


def cpu_percent(site: LiveSite, seconds: float) -> dict[str, float]:
    """Of one core, by process with its children; since the process's last start."""
    used = {}
    for name, process in site.processes.items():
        first = psutil.Process(process.pid)
        times = [one.cpu_times() for one in [first, *first.children(recursive=True)]]
        spent = sum(time.user + time.system for time in times)
        used[name] = round(100 * spent / seconds, 1)
    return used


def quantile(values: list[float], share: float) -> float | None:
    if not values:
        return None
    values = sorted(values)
    return round(values[min(int(len(values) * share), len(values) - 1)], 2)


def iso(text: str) -> datetime:
    return datetime.fromisoformat(text)


if __name__ == "__main__":
    sys.exit(main())
