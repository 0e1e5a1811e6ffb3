"""Sweep, plan, reserve: from the database alone to orders for the workers.

One pass looks at what ran out, asks the policy what is worth sending in the coming
second, reserves it in the ledger and returns the orders; `tasks` sends them.
"""

import heapq
import uuid
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Min, Q, Window
from django.db.models.functions import RowNumber

from ..models import ApiRequest, Planner, Status, TryOn
from ..models.states import IN_FLIGHT
from ..models.try_on_queries import is_due
from . import budget, policy, sweep
from .clock import Clock
from .durations import current_forecasts
from .timing import timing

FETCHES_AT_ONCE = 8
# What a request of each kind finds its try-on in.
STATE_FOR = {"submit": Status.QUEUED, "poll": Status.PROCESSING}


@dataclass(frozen=True)
class WorkOrder:
    """One task to send. `row` is an ApiRequest's key, or for a fetch the try-on's."""

    task: str  # submit, poll, fetch
    row: int | uuid.UUID
    token: uuid.UUID
    delay: float  # seconds from now


def tick(clock: Clock) -> list[WorkOrder]:
    """One pass. Harmless if two run: the second finds the rows taken.

    The clock is read once the lock is held, since waiting for it takes time.
    """
    with transaction.atomic():
        planner = Planner.lock()
        now = clock.read()
        planner.last_tick_at = now
        planner.save(update_fields=["last_tick_at"])
        sweep.sweep(now)
        orders = plan_requests(now, submits=planner.submits_paused_at is None)
        orders += claim_fetches(now)
    return orders


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
            "last_polled_at",
            "claim",
            "next_attempt_at",
            "mode",
        )
    )
    in_flight_of: Counter[Hashable] = Counter(row[1] for row in aloft)
    known = budget.known_keys(now)
    rooms = budget.lock_rooms(known, now, Counter(row[2] for row in aloft if row[2]))
    if not rooms:
        return []
    usable = {key.pk for key in known}
    flying = [
        policy.Flying(
            id=pk,
            owner=owner,
            key=key if key in usable else None,
            submitted_at=submitted.timestamp(),
            polled_at=(polled or submitted).timestamp(),
            not_before=later.timestamp() if later else 0,
            mode=mode,
        )
        for pk, owner, key, status, submitted, polled, claim, later, mode in aloft
        if status == Status.PROCESSING and claim is None and submitted is not None
    ]
    load, lines = current_load(in_flight_of, now)
    waiting = []
    if submits and lines:
        waiting = next_in_line(now, lines, most=round(t.burst) * len(rooms))
    planned = policy.plan(at, flying, waiting, rooms, load, current_forecasts(), t)
    if not planned:
        return []
    budget.keep_buckets(rooms)
    return _reserve(planned, now)


@dataclass(frozen=True, order=True)
class Line:
    """The queued jobs of one owner, in the order in which fairness serves lines."""

    in_flight: int
    oldest: datetime  # created, of those that may be sent now
    owner: uuid.UUID


def current_load(
    in_flight_of: Counter[Hashable], now: datetime
) -> tuple[policy.Load, list[Line]]:
    """How much there is of everything, and whose jobs may be sent now."""
    queued = Q(status=Status.QUEUED)
    rows = (
        TryOn.objects.existing()
        .in_status((Status.QUEUED, *IN_FLIGHT))
        .order_by()
        .values_list("owner")
        .annotate(
            jobs=Count("id"), oldest=Min("created_at", filter=queued & is_due(now))
        )
    )
    jobs_of: Counter[Hashable] = Counter()
    lines = []
    for owner, jobs, oldest in rows:
        jobs_of[owner] = jobs
        if oldest is not None:
            lines.append(Line(in_flight_of[owner], oldest, owner))
    jobs = jobs_of.total()
    load = policy.Load(
        queued=max(jobs - in_flight_of.total(), 0),
        owners=len(jobs_of),
        jobs_of=jobs_of,
        in_flight_of=Counter(in_flight_of),
        jobs=jobs,
    )
    return load, lines


def next_in_line(
    now: datetime, lines: Iterable[Line], most: int
) -> list[policy.Waiting]:
    """The jobs among which fairness chooses `most`: few rows, however long the queue.

    An owner behind that many others is not reached, and of none more than that many
    are.
    """
    owners = [line.owner for line in heapq.nsmallest(most, lines)]
    ranked = (
        TryOn.objects.queued()
        .due(now)
        .filter(owner__in=owners)
        .annotate(
            rank=Window(
                RowNumber(),
                partition_by=F("owner"),
                order_by=[F("created_at").asc(), F("id").asc()],
            )
        )
        .filter(rank__lte=most)
        .order_by("rank", "created_at")
        .values_list("id", "owner", "created_at")
    )
    return [
        policy.Waiting(id=pk, owner=owner, created_at=created.timestamp())
        for pk, owner, created in ranked
    ]


def _reserve(planned: Sequence[policy.Planned], now: datetime) -> list[WorkOrder]:
    """Claim the try-ons and write the reservations, without those that moved since."""
    states = TryOn.objects.lock_claimable([one.job for one in planned])
    requests = [
        budget.reservation(key_id=one.key, try_on_id=one.job, kind=one.kind, at=one.at)
        for one in planned
        if states.get(one.job) == STATE_FOR[one.kind]
    ]
    tokens: dict[tuple[str, int], dict[uuid.UUID, uuid.UUID]] = defaultdict(dict)
    for request in requests:
        assert request.try_on_id is not None
        tokens[request.kind, request.key_id][request.try_on_id] = request.token
    t = timing()
    latest_start = now + timedelta(seconds=t.horizon + t.void_after + t.grace)
    for (kind, key_id), of_key in tokens.items():
        if kind == ApiRequest.Kind.SUBMIT:
            until = latest_start + timedelta(seconds=t.submit_deadline)
            TryOn.objects.begin_submits(of_key, key_id=key_id, now=now, until=until)
        else:
            until = latest_start + timedelta(seconds=t.poll_deadline)
            TryOn.objects.claim_locked(of_key, until)
    return [
        WorkOrder(
            request.kind,
            request.pk,
            request.token,
            delay=max((request.planned_at - now).total_seconds(), 0.0),
        )
        for request in ApiRequest.objects.bulk_create(requests)
    ]


def claim_fetches(now: datetime) -> list[WorkOrder]:
    """Pictures to bring home; they are not metered."""
    t = timing()
    lease = now + timedelta(seconds=t.fetch_lease)
    unfetched = TryOn.objects.existing().filter(status=Status.FETCHING)
    # Slow downloads must leave threads for the submits and the polls.
    most = FETCHES_AT_ONCE - unfetched.filter(claim__isnull=False).count()
    if most <= 0:
        return []
    due = unfetched.filter(claim=None).due(now)
    orders = []
    for pk in due.order_by("answered_at").values_list("pk", flat=True)[:most]:
        token = uuid.uuid4()
        unclaimed = TryOn.objects.filter(pk=pk, status=Status.FETCHING, claim=None)
        if unclaimed.update(claim=token, lease_until=lease):
            orders.append(WorkOrder("fetch", pk, token, 0))
    return orders
