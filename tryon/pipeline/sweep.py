"""What ran out by the clock: reservations, deadlines, leases, patience."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from ..models import FailureCode, Status, TryOn, TryOnEvent
from ..models.ledger import ApiRequest
from . import budget, outcomes
from .timing import timing

KILLS = 10  # workers that a picture may take along before it is given up


def sweep(now: datetime) -> None:
    """What ran out: reservations, deadlines, leases, patience."""
    for request in budget.void_overdue(now):
        _voided(request, now)
    for request in budget.close_lost(now):
        _lost(request, now)
    _fetches_lost(now)
    _give_up_overdue(now)
    _resend_unconfirmed(now)


def _lost(request: ApiRequest, now: datetime) -> None:
    """A request left and nobody recorded an answer: its worker was killed."""
    _give_up(request, Status.UNCONFIRMED, "no answer was recorded", now)


def _voided(request: ApiRequest, now: datetime) -> None:
    """A reservation ran out before it was sent: the try-on is back where it was."""
    _give_up(request, Status.QUEUED, "reservation void", now)


def _give_up(request: ApiRequest, to: str, note: str, now: datetime) -> None:
    """A submit's try-on moves on; a poll is simply made again."""
    try_on = outcomes.try_on_of(request)
    if try_on is None or try_on.claim != request.token:
        return
    if request.kind == ApiRequest.Kind.SUBMIT:
        outcomes.move(try_on, to, now=now, note=note)
    else:
        try_on.release()


def _fetches_lost(now: datetime) -> None:
    """Nobody renews the lease: the worker is gone, or its order never came.

    The first time it is fetched again at once. A picture that kills each worker is
    given up like one that cannot be had.
    """
    lost = TryOn.objects.filter(status=Status.FETCHING, lease_until__lt=now)
    for try_on in lost:
        if try_on.attempts >= KILLS:
            detail = "its workers were killed"
            outcomes.fail(try_on, FailureCode.RESULT_UNAVAILABLE, detail, now)
        elif try_on.attempts > 1:
            try_on.put_off(timing().backoff_after(try_on.attempts), now, counts=0)
        else:
            try_on.release()


def _give_up_overdue(now: datetime) -> None:
    """Jobs that nobody could poll for a day, say with their key stopped.

    One whose picture could not be fetched for long has its day from then on.
    """
    oldest = now - timedelta(seconds=timing().give_up + timing().longest_late_poll)
    overdue = TryOn.objects.existing().filter(
        status=Status.PROCESSING, claim=None, submitted_at__lt=oldest
    )
    moved = TryOnEvent.objects.filter(try_on=OuterRef("pk"), at__gte=oldest)
    for try_on in overdue.exclude(Exists(moved)):
        outcomes.fail(try_on, FailureCode.TIMED_OUT, "nobody could poll", now)


def _resend_unconfirmed(now: datetime) -> None:
    """Where the shop wants it, an unconfirmed one is sent again, once by itself."""
    after = timing().resend_after
    if not after:
        return
    waiting = TryOn.objects.existing().filter(
        status=Status.UNCONFIRMED,
        events__to_status=Status.UNCONFIRMED,
        events__at__lt=now - timedelta(seconds=after),
    )
    sent_before = Q(events__from_status=Status.UNCONFIRMED)
    for try_on in waiting.exclude(
        pk__in=TryOn.objects.filter(sent_before).values("pk")
    ).distinct():
        outcomes.move(try_on, Status.QUEUED, now=now, note="sent again by itself")
