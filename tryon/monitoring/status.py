"""How the fitting room is doing: for `manage.py status` and the health pages."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypedDict

from django.db import DatabaseError
from django.db.models import Count, Min, Q
from django.utils import timezone

from ..models import (
    ApiRequest,
    Planner,
    Status,
    TryOn,
    Unfinished,
    WebhookEndpoint,
)
from ..models.ledger import Key, KeyState, Outcome
from ..models.states import FINAL, OPEN
from ..pipeline import budget
from ..pipeline.timing import timing

SILENT = 15  # seconds without a tick
MANY = 4  # polls in a row without a word of the API, over more than a minute
RECENT = timedelta(hours=1)
WORDS = 200  # characters of what a request met


class KeyReport(TypedDict):
    fingerprint: str
    state: str
    room: int


class Report(TypedDict):
    """What there is to say; every value can be written as JSON."""

    ok: bool
    problems: list[str]
    states: dict[str, int | None]  # None: nobody could be asked
    oldest_queued_seconds: float | None
    keys: list[KeyReport]
    last_tick_seconds: float | None


def last_tick_seconds(now: datetime | None = None) -> float | None:
    at = Planner.objects.values_list("last_tick_at", flat=True).first()
    if at is None:
        return None
    return round(((now or timezone.now()) - at).total_seconds(), 1)


def count_states(states: Iterable[str]) -> dict[str, int]:
    """How many try-ons are in each; of the open ones however many have ended."""
    rows = TryOn.objects.existing().in_status(states).values_list("status")
    return {**dict.fromkeys(states, 0), **dict(rows.annotate(n=Count("*")))}


def report(now: datetime) -> Report:
    """What is there, and in words what is wrong with it."""
    ended = count_states(FINAL)
    figures = summary(now)
    return {**figures, "states": {**figures["states"], **ended}}


def summary(now: datetime) -> Report:
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
        "states": {**counts},
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
        elif not key.may_submit(now) or key.submit_failures > 1:
            problems.append(
                f"Key {key.fingerprint}: submits pause after unclear answers"
                f"{last_words(Q(key=key, answered_at__gt=now - RECENT))}."
            )
    if waited is not None and waited > timing().patience:
        problems.append(f"The oldest try-on has waited {waited:.0f} s in line.")
    if counts[Status.UNCONFIRMED]:
        problems.append(
            f"{counts[Status.UNCONFIRMED]} unconfirmed: send again, or cancel, "
            "in the admin."
        )
    if counts[Status.PROCESSING] or counts[Status.FETCHING]:
        problems += find_waits(now)
    problems += [
        f"The webhook {endpoint.url} has stopped: {endpoint.stop_reason}."
        for endpoint in WebhookEndpoint.objects.stopped_by_itself()
    ]
    failed = Unfinished.objects.failed(now).count()
    if failed:
        problems.append(f"Unfinished work: {failed}; the admin lists it, and why.")
    return problems


def find_waits(now: datetime) -> list[str]:
    """What is paid for and does not come on: it goes on by itself, or ends in a day."""
    made_long_ago = Q(answered_at__lt=now - timedelta(seconds=timing().patience))
    unseen = Q(status=Status.PROCESSING, attempts__gte=MANY)
    under_way = TryOn.objects.existing().in_status((Status.PROCESSING, Status.FETCHING))
    counted = under_way.aggregate(
        not_home=Count("pk", made_long_ago), unseen=Count("pk", unseen)
    )
    problems = []
    if counted["unseen"]:
        problems.append(
            f"{counted['unseen']} cannot be polled"
            f"{last_words(Q(try_on__in=under_way.filter(unseen)))}."
        )
    if counted["not_home"]:
        problems.append(
            f"{counted['not_home']} pictures are made and cannot be brought home yet."
        )
    return problems


def last_words(requests: Q) -> str:
    """What the last of them met, to go on a sentence with."""
    failed = ApiRequest.objects.filter(
        requests, outcome__in=(Outcome.NOT_ARRIVED, Outcome.UNCLEAR)
    )
    detail = failed.order_by("-pk").values_list("detail", flat=True).first()
    return f", the last: {' '.join(detail.split())[:WORDS]}" if detail else ""


def no_database(error: DatabaseError) -> Report:
    """The same report when there is nobody to ask."""
    return {
        "ok": False,
        "problems": [f"The database does not answer: {error}".strip()],
        "states": dict.fromkeys(Status.values, None),
        "oldest_queued_seconds": None,
        "keys": [],
        "last_tick_seconds": None,
    }
