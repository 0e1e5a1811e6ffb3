"""How the fitting room is doing: for `manage.py status` and the health pages."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import DatabaseError
from django.db.models import Count, Min
from django.utils import timezone

from .models import Planner, Status, TryOn, Unfinished
from .models.ledger import Key, KeyState
from .models.states import FINAL, OPEN
from .scheduling import budget
from .scheduling.timing import timing

SILENT = 15  # seconds without a tick


def last_tick_seconds(now: datetime | None = None) -> float | None:
    at = Planner.objects.values_list("last_tick_at", flat=True).first()
    if at is None:
        return None
    return round(((now or timezone.now()) - at).total_seconds(), 1)


def count_states(states: Iterable[str]) -> dict[str, int]:
    """How many try-ons are in each; of the open ones however many have ended."""
    rows = TryOn.objects.existing().in_status(states).values_list("status")
    return {**dict.fromkeys(states, 0), **dict(rows.annotate(n=Count("*")))}


def report(now: datetime) -> dict[str, Any]:
    """What is there, and in words what is wrong with it."""
    ended = count_states(FINAL)
    found = summary(now)
    return {**found, "states": {**found["states"], **ended}}


def summary(now: datetime) -> dict[str, Any]:
    """The same without what has ended, which takes longer the more there is of it."""
    counts = count_states(OPEN)
    oldest = TryOn.objects.existing().queued().aggregate(at=Min("created_at"))["at"]
    waited = round((now - oldest).total_seconds(), 1) if oldest else None
    keys = budget.known_keys(now)
    room = budget.room_now(now)
    last_tick = last_tick_seconds(now)
    return {
        "ok": not (problems := find_problems(keys, counts, waited, last_tick, now)),
        "problems": problems,
        "states": counts,
        "oldest_queued_seconds": waited,
        "keys": [
            {
                "fingerprint": key.fingerprint,
                "state": state_of(key, now),
                "room": room[key.pk],
            }
            for key in keys
        ],
        "last_tick_seconds": last_tick,
    }


def state_of(key: Key, now: datetime) -> str:
    if key.state == KeyState.WORKING and not key.is_open(now):
        return KeyState.PAUSED  # by a 429
    return key.state


def find_problems(
    keys: list[Key],
    counts: dict[str, int],
    waited: float | None,
    last_tick: float | None,
    now: datetime,
) -> list[str]:
    problems = []
    if last_tick is None or last_tick > SILENT:
        problems.append(
            "No scheduler tick for "
            + ("ever" if last_tick is None else f"{last_tick:.0f} s")
            + ": are worker and beat running?"
        )
    for key in keys:
        if key.state != KeyState.WORKING:
            problems.append(f"Key {key.fingerprint} is {key.state}: {key.reason}")
        elif not key.may_submit(now):
            problems.append(
                f"Key {key.fingerprint}: submits pause after unclear answers."
            )
    if waited is not None and waited > timing().patience:
        problems.append(f"The oldest try-on has waited {waited:.0f} s in line.")
    if counts[Status.UNCONFIRMED]:
        problems.append(
            f"{counts[Status.UNCONFIRMED]} unconfirmed: send again, or cancel, "
            "in the admin."
        )
    failed = Unfinished.objects.failed(now).count()
    if failed:
        problems.append(f"Unfinished work: {failed}; the admin lists it, and why.")
    return problems


def no_database(error: DatabaseError) -> dict[str, Any]:
    """The same report when there is nobody to ask."""
    return {
        "ok": False,
        "problems": [f"The database does not answer: {error}".strip()],
        "states": dict.fromkeys(Status.values, None),
        "oldest_queued_seconds": None,
        "keys": [],
        "last_tick_seconds": None,
    }
