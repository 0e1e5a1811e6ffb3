"""Sweep, plan, reserve: from the database alone to orders for the workers.

One pass looks at what ran out, asks the policy what is worth sending in the coming
second, reserves it in the ledger and returns the orders; `tasks` sends them.
"""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber

from .. import answering, fetching
from ..models import ApiRequest, Planner, StaleMove, Status, TryOn
from ..models.states import IN_FLIGHT
from . import budget, policy
from .forecast import HISTORY, Forecast
from .timing import timing

FETCHES_AT_ONCE = 8
ENOUGH = 20  # known durations, for a mode to stand on its own


@dataclass(frozen=True)
class WorkOrder:
    """One task to send. `row` is an ApiRequest's key, or for a fetch the try-on's."""

    task: str  # submit, poll, fetch
    row: int | uuid.UUID
    token: uuid.UUID
    delay: float  # seconds from now


def newest_durations() -> list[tuple[str, float]]:
    """Mode and seconds of the last finished jobs, the newest first."""
    known = TryOn.objects.filter(duration_seconds__isnull=False)
    rows = known.order_by("-answered_at").values_list("mode", "duration_seconds")
    newest = rows[: len(TryOn.Mode) * HISTORY]
    return [(mode, seconds) for mode, seconds in newest if seconds]


def current_forecasts() -> dict[str, Forecast]:
    """By mode, from the last finished jobs' own columns; nothing else is state.

    A mode with too few known durations borrows what all of them say.
    """
    newest = newest_durations()
    expected = timing().expected
    forecasts = {}
    for mode in TryOn.Mode.values:
        own = [seconds for of, seconds in newest if of == mode]
        if len(own) < ENOUGH:
            own = [seconds for _of, seconds in newest]
        forecasts[mode] = Forecast(own, expected)
    return forecasts


class Clock:
    """Notices steps of the wall clock against the monotonic one, within a process."""

    def __init__(self) -> None:
        self.last: tuple[datetime, float] | None = None

    def check(self, now: datetime) -> None:
        monotonic = time.monotonic()
        if self.last is not None:
            wall = (now - self.last[0]).total_seconds()
            if abs(wall - (monotonic - self.last[1])) > budget.LARGEST_STEP:
                budget.clock_stepped(self.last[0], now)
        self.last = now, monotonic


clock = Clock()


def tick(read_clock: Callable[[], datetime]) -> list[WorkOrder]:
    """One pass. Harmless if two run: the second finds the rows taken.

    The clock is read once the lock is held, since waiting for it takes time.
    """
    with transaction.atomic():
        planner = Planner.lock()
        now = read_clock()
        planner.last_tick_at = now
        planner.save(update_fields=["last_tick_at"])
        clock.check(now)
        sweep(now)
        orders = plan_requests(now, submits=planner.submits_paused_at is None)
        orders += claim_fetches(now)
    return orders


def sweep(now: datetime) -> None:
    """What ran out: reservations, deadlines, leases, patience."""
    for request in budget.void_overdue(now):
        answering.voided(request, now)
    for request in budget.close_lost(now):
        answering.lost(request, now)
    fetching.fetches_lost(now)
    answering.give_up_overdue(now)
    answering.resend_unconfirmed(now)


def plan_requests(now: datetime, submits: bool = True) -> list[WorkOrder]:
    at = now.timestamp()
    t = timing()
    aloft = list(
        TryOn.objects.in_flight()
        .order_by()
        .values_list(
            "id",
            "owner",
            "key",
            "status",
            "submitted_at",
            "last_look_at",
            "claim",
            "next_attempt_at",
            "mode",
        )
    )
    in_flight_of: Counter[Hashable] = Counter(row[1] for row in aloft)
    rooms = budget.lock_rooms(now, Counter(row[2] for row in aloft if row[2]))
    if not rooms:
        return []
    usable = {key.pk for key in budget.known_keys(now)}
    flying = [
        policy.Flying(
            id=pk,
            owner=owner,
            key=key if key in usable else None,
            submitted_at=submitted.timestamp(),
            looked_at=(looked or submitted).timestamp(),
            not_before=later.timestamp() if later else 0,
            mode=mode,
        )
        for pk, owner, key, status, submitted, looked, claim, later, mode in aloft
        if status == Status.PROCESSING and claim is None and submitted is not None
    ]
    load = current_load(in_flight_of)
    waiting = []
    if submits and load.queued:
        waiting = next_in_line(now, in_flight_of, most=round(t.burst) * len(rooms))
    planned = policy.plan(at, flying, waiting, rooms, load, current_forecasts(), t)
    if not planned:
        return []
    budget.keep_buckets(rooms)
    return _reserve(planned, now)


def current_load(in_flight_of: Counter[Hashable]) -> policy.Load:
    open_rows = TryOn.objects.existing().in_status((Status.QUEUED, *IN_FLIGHT))
    of_owners = open_rows.order_by().values_list("owner").annotate(jobs=Count("id"))
    jobs_of: Counter[Hashable] = Counter(dict(of_owners))
    jobs = jobs_of.total()
    return policy.Load(
        queued=max(jobs - in_flight_of.total(), 0),
        owners=len(jobs_of),
        jobs_of=jobs_of,
        in_flight_of=Counter(in_flight_of),
        jobs=jobs,
    )


def next_in_line(
    now: datetime, in_flight_of: Counter[Hashable], most: int
) -> list[policy.Waiting]:
    """The `most` jobs that fairness could choose: few rows, however long the queue.

    Those of owners with nothing in flight, by their place in their owner's own line;
    then those of the owners with least in flight.
    """
    ranked = (
        TryOn.objects.queued()
        .due(now)
        .annotate(
            rank=Window(
                RowNumber(),
                partition_by=F("owner"),
                order_by=[F("created_at").asc(), F("id").asc()],
            )
        )
        .order_by("rank", "created_at")
        .values_list("id", "owner", "created_at")
    )
    least = [owner for owner, _count in reversed(in_flight_of.most_common())][:most]
    fresh = ranked.exclude(owner__in=in_flight_of).filter(rank__lte=most)[:most]
    known = ranked.filter(owner__in=least, rank__lte=most)[: 2 * most]
    return [
        policy.Waiting(id=pk, owner=owner, created_at=created.timestamp())
        for pk, owner, created in [*fresh, *known]
    ]


def _reserve(planned: Sequence[policy.Planned], now: datetime) -> list[WorkOrder]:
    """Claim the try-ons and write the reservations, without those that moved since."""
    t = timing()
    requests = []
    for one in planned:
        assert isinstance(one.job, uuid.UUID)
        request = budget.reservation(
            key_id=one.key, try_on_id=one.job, kind=one.kind, at=one.at
        )
        deadline = t.submit_deadline if one.kind == "submit" else t.look_deadline
        seconds = t.horizon + t.void_after + deadline + t.grace
        if _claim(one.job, request, now + timedelta(seconds=seconds), now):
            requests.append(request)
    return [
        WorkOrder(
            request.kind,
            request.pk,
            request.token,
            delay=max((request.planned_at - now).total_seconds(), 0.0),
        )
        for request in ApiRequest.objects.bulk_create(requests)
    ]


def _claim(
    pk: uuid.UUID, request: ApiRequest, lease_until: datetime, now: datetime
) -> bool:
    claim: dict[str, Any] = {"claim": request.token, "lease_until": lease_until}
    if request.kind == ApiRequest.Kind.POLL:
        flying = TryOn.objects.existing().filter(status=Status.PROCESSING, claim=None)
        return bool(flying.filter(pk=pk).update(**claim))
    try:
        TryOn(pk=pk, status=Status.QUEUED).move(
            Status.SUBMITTING,
            now=now,
            only_if=Q(deleted_at=None),
            key_id=request.key_id,
            attempts=F("attempts"),  # a failed attempt is not forgotten by the next
            **claim,
        )
    except StaleMove:
        return False
    return True


def claim_fetches(now: datetime) -> list[WorkOrder]:
    """Pictures to bring home; they are not metered."""
    t = timing()
    lease = now + timedelta(seconds=t.fetch_lease)
    made = TryOn.objects.existing().filter(status=Status.FETCHING)
    # Slow downloads must leave threads for the submits and the looks.
    most = FETCHES_AT_ONCE - made.filter(claim__isnull=False).count()
    if most <= 0:
        return []
    due = made.filter(claim=None).due(now)
    orders = []
    for pk in due.order_by("answered_at").values_list("pk", flat=True)[:most]:
        token = uuid.uuid4()
        taken = TryOn.objects.filter(pk=pk, status=Status.FETCHING, claim=None)
        if taken.update(claim=token, lease_until=lease):
            orders.append(WorkOrder("fetch", pk, token, 0))
    return orders
