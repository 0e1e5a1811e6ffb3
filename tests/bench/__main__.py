"""`make bench`: every load of `scenarios`, required beside measured.

Then the same load on what a user could pick instead (`baselines`), and all the others
but Lighthouse, which wants npm. ``python -m tests.bench "20 a minute" --limiter fixed``
runs chosen rows of this system alone; ``--beside`` runs the baselines too. ``--save
FOLDER`` keeps the figures as ``bench.json`` and the chart as ``bench.svg``.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.bench import chart, table
from tests.bench.scenarios import BESIDE, ROWS, Scenario

# Each prints its figures, as a table or as JSON, and fails where one is missed.
OTHERS = (
    "planning",
    "idle",
    "waiting",
    "killed",
    "gallery",
    "review",
    "aged",
    "upload",
    "hostile",
    "memory",
    "mutations",
    "load",
    "chaos",
)
OURS = "this one"
SLOW = 5  # times the speed; from there on a row fills a core or more
SHOWN = [
    "jobs_per_minute",
    "requests_per_job",
    "unseen_p50",
    "unseen_p95",
    "submit_p95",
    "lost_mean",
    "wait_mean",
    "wait_p95",
    "light_lost_p95",
    "refused_429",
    "most_in_window",
    "cpu_percent",
]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--limiter", default="")
    parser.add_argument("--database-url", default="")
    parser.add_argument("--broker-url", default="")
    parser.add_argument("--beside", action="store_true")
    parser.add_argument("--save", type=Path)
    options = parser.parse_args()
    chosen = [row for row in ROWS if not options.names or row.name in options.names]
    parts = [
        f"--{name.replace('_', '-')}={value}"
        for name in ("limiter", "database_url", "broker_url")
        if (value := getattr(options, name))
    ]
    print(table.HEAD)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    missed = False
    beside = options.beside or not options.names
    for row, told in all_measured(chosen, parts, beside):
        found[row.name] = told
        for system, figures in told.items():
            wrong = misses(row, system, figures)
            missed = missed or bool(wrong)
            verdict = "; ".join(wrong) or ("ok" if system == OURS else "")
            show(row, system, figures, verdict)
    if options.save:
        (options.save / "bench.json").write_text(json.dumps(found, indent=1))
        (options.save / "bench.svg").write_bytes(chart.time_lost(found))
    if not options.names:
        for module in OTHERS:
            missed = other(module) or missed
    return int(missed)


def all_measured(
    rows: list[Scenario], parts: list[str], beside: bool
) -> Iterator[tuple[Scenario, dict[str, dict[str, Any]]]]:
    """Each row's figures by system.

    Slow rows leave the cores idle: all of them side by side. Of the others each has the
    machine to itself, and then its baselines have it together.
    """
    slow = [row for row in rows if row.speed < SLOW]
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(of_all_systems, row, parts, beside) for row in slow]
        yield from zip(slow, (one.result() for one in asked), strict=True)
    for row in rows:
        if row not in slow:
            yield row, of_all_systems(row, parts, beside)


def of_all_systems(
    row: Scenario, parts: list[str], beside: bool
) -> dict[str, dict[str, Any]]:
    kinds = BESIDE.get(row.name, ()) if beside else ()
    with ThreadPoolExecutor() as pool:
        found = {OURS: pool.submit(ours, row, parts)}
        if row.speed >= SLOW:
            found[OURS].result()
        for kind in kinds:
            found[kind] = pool.submit(measured, "baselines", kind, row.name)
        return {system: one.result() for system, one in found.items()}


def other(module: str) -> bool:
    """Show what it prints; whether it missed what it requires."""
    command = [sys.executable, "-m", f"tests.bench.{module}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    verdict = "missed" if done.returncode else "ok"
    for name, figures in list(table.rows(done.stdout)) or [("", {})]:
        print(table.line(module, name, figures, verdict), flush=True)
    return bool(done.returncode)


def measured(module: str, *words: str) -> dict[str, Any]:
    """The JSON that one measurement prints last; each has a process of its own.

    Nothing if it broke: one row must not cost the figures of two hours.
    """
    command = [sys.executable, "-m", f"tests.bench.{module}", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(done.stderr)
        return {}
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def ours(row: Scenario, parts: list[str]) -> dict[str, Any]:
    """Of several runs the worst, by each figure."""
    runs = [
        measured("measure", row.name, f"--seed={3 + n}", *parts)
        for n in range(row.runs)
    ]
    if not all(runs):
        return {}
    if row.runs == 1:
        return runs[0]
    numbers = [
        name for name, value in runs[0].items() if isinstance(value, (int, float))
    ]
    return {name: max(run[name] for run in runs) for name in numbers}


def show(row: Scenario, system: str, figures: dict[str, Any], verdict: str) -> None:
    """What all rows have in common, then what this one is required to reach."""
    names = dict.fromkeys(
        [*SHOWN, *(bound.rpartition("_")[0] for bound in row.require)]
    )
    shown = {name: figures.get(name) for name in names}
    print(table.line(row.name, system, shown, verdict), flush=True)


def misses(row: Scenario, system: str, figures: dict[str, Any]) -> list[str]:
    """What was required and not reached; of the baselines nothing is required."""
    if not figures:
        return ["broke"]
    if system != OURS:
        return []
    most = {"refused_429_max": row.refused, "submitted_twice_max": 0}
    if not row.limiter:
        most["most_in_window_max"] = 60
    found = []
    for bound, value in {**most, **row.require}.items():
        name, _, side = bound.rpartition("_")
        got = figures[name]
        if got is None or (got > value if side == "max" else got < value):
            found.append(f"{name} {got}, required {side} {value}")
    return found


if __name__ == "__main__":
    sys.exit(main())
