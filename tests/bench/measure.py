"""One scenario against this system: real processes, real HTTP, figures as JSON.

Run by `tests.bench`; alone: ``python -m tests.bench.measure "20 a minute"``.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.bench.scenarios import ROWS, Scenario
from tests.house import House, house

KEYS = ["sk_live_" + str(n) * 43 for n in range(1, 10)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--limiter", default="sliding")
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
    with house(folder, scenario.speed, **env) as made:
        made.start_sandbox(
            plain=True, limiter=options.limiter, seed=3, **scenario.sandbox
        )
        print(json.dumps(run(scenario, made)))


def run(scenario: Scenario, made: House) -> dict[str, Any]:
    os.environ.update(made.env)
    import django

    django.setup()
    from tests.bench import jobs

    jobs.prepare(scenario)
    made.start("worker", "beat")
    made.until(lambda: jobs.last_tick() is not None)
    started = time.time()
    for at, owner in sorted(scenario.arrivals):
        time.sleep(max(started + at / scenario.speed - time.time(), 0))
        jobs.create(owner)
    end = started + scenario.lasts / scenario.speed
    time.sleep(max(end - time.time(), 0))
    if scenario.warm_up == 0:
        made.until(jobs.all_over, seconds=120)
    figures = jobs.figures(scenario, started)
    told = made.sandbox() or {}
    figures |= {
        "refused_429": told["refused_429"],
        "most_in_window": told["most_in_window"],
        "submitted_twice": told["submits"] - jobs.count_submitted(),
    }
    made.stop()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures["cpu_share"] = round(
        (used.ru_utime + used.ru_stime) / (time.time() - started), 3
    )
    return figures


def quantile(values: list[float], share: float) -> float | None:
    if not values:
        return None
    values = sorted(values)
    return round(values[min(int(len(values) * share), len(values) - 1)], 2)


def iso(text: str) -> datetime:
    return datetime.fromisoformat(text)


if __name__ == "__main__":
    sys.exit(main())
