"""`make bench`: every row of the study's section 11, required beside measured.

``python -m tests.bench "20 a minute" --limiter fixed`` runs chosen rows.
"""

import argparse
import json
import subprocess
import sys
from typing import Any

from tests.bench.scenarios import ROWS, Scenario

SHOWN = [
    "jobs_per_minute",
    "requests_per_job",
    "unseen_p50",
    "unseen_p95",
    "submit_p95",
    "lost_mean",
    "wait_mean",
    "wait_p95",
    "refused_429",
    "most_in_window",
    "cpu_share",
]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--limiter", default="sliding")
    parser.add_argument("--database-url", default="")
    parser.add_argument("--broker-url", default="")
    options = parser.parse_args()
    chosen = [row for row in ROWS if not options.names or row.name in options.names]
    print(f"| row | {' | '.join(SHOWN)} | verdict |")
    print("|---" * (len(SHOWN) + 2) + "|")
    missed = False
    for row in chosen:
        command = [sys.executable, "-m", "tests.bench.measure", row.name]
        for name in ("limiter", "database_url", "broker_url"):
            if value := getattr(options, name):
                command.append(f"--{name.replace('_', '-')}={value}")
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(done.stderr, file=sys.stderr)
            return 1
        figures = json.loads(done.stdout.splitlines()[-1])
        wrong = misses(row, figures)
        missed = missed or bool(wrong)
        cells = " | ".join(str(figures.get(name)) for name in SHOWN)
        print(f"| {row.name} | {cells} | {'; '.join(wrong) or 'ok'} |", flush=True)
    return int(missed)


def misses(row: Scenario, figures: dict[str, Any]) -> list[str]:
    """What was required and not reached."""
    bounds = {**row.require, "refused_429_max": 0, "most_in_window_max": 60}
    found = []
    for bound, value in bounds.items():
        name, _, side = bound.rpartition("_")
        got = figures[name]
        if got is None or (got > value if side == "max" else got < value):
            found.append(f"{name} {got}, required {side} {value}")
    return found


if __name__ == "__main__":
    sys.exit(main())
