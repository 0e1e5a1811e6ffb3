"""The only door to the API: a request is reserved, sent and answered in the ledger.

A slot is free again one window after its *answer*, so whenever between
send and answer the server counted it, no window of the server's sees more than the
limit. The rows are the state: any number of workers, any restart.
"""

import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q

from ..models import TryOn
from ..models.ledger import ApiRequest, Key, KeyState, Outcome, Planner, fingerprint
from .policy import KeyRoom
from .timing import Timing, timing

logger = logging.getLogger(__name__)

LARGEST_STEP = 2  # seconds between wall clock and monotonic clock


def database_now() -> datetime:
    """The clock of the ledger: the database's, which all workers share."""
    if connection.vendor != "postgresql":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def secrets() -> dict[str, str]:
    """Fingerprint to secret, of the keys in the settings."""
    return {fingerprint(secret): secret for secret in settings.MIRAGIC_API_KEYS}


def known_keys(now: datetime) -> list[Key]:
    """The rows of the keys in the settings, made on first sight."""
    wanted = secrets()
    keys = list(Key.objects.configured())
    missing = wanted.keys() - {key.fingerprint for key in keys}
    if missing:
        Key.objects.bulk_create(
            [Key(fingerprint=one, bucket_at=now) for one in sorted(missing)],
            ignore_conflicts=True,
        )
        keys = list(Key.objects.configured())
    return keys


def lock_rooms(
    known: Iterable[Key], now: datetime, in_flight: dict[int, int]
) -> list[KeyRoom]:
    """The budget of each key that may be used, its row locked until the transaction
    ends."""
    t = timing()
    pks = [key.pk for key in known]
    keys = Key.objects.select_for_update().filter(pk__in=pks).order_by("pk")
    usable = [key for key in keys if key.is_open(now)]
    return rooms(usable, now, in_flight, t)


@dataclass(slots=True)
class Slots:
    """What one key has taken of its window."""

    held: int = 0  # by requests that are not answered yet
    submits: int = 0  # of those
    frees_at: list[float] = field(default_factory=list)  # sorted, of answered ones

    @property
    def taken(self) -> int:
        return self.held + len(self.frees_at)


def slots_taken(keys: Iterable[int], now: datetime) -> dict[int, Slots]:
    """By key; two queries that read what holds a slot, however long the ledger is."""
    window = timing().window
    by_key = {key: Slots() for key in keys}
    for key, kind in ApiRequest.objects.open().values_list("key", "kind"):
        if key in by_key:
            by_key[key].held += 1
            by_key[key].submits += kind == ApiRequest.Kind.SUBMIT
    cooling = ApiRequest.objects.answered_since(
        now - timedelta(seconds=window), by_key.keys()
    )
    for key, answered_at in cooling.values_list("key", "answered_at"):
        if answered_at is not None:
            by_key[key].frees_at.append(answered_at.timestamp() + window)
    for slots in by_key.values():
        slots.frees_at.sort()
    return by_key


def rooms(
    keys: Sequence[Key], now: datetime, in_flight: dict[int, int], t: Timing
) -> list[KeyRoom]:
    taken = slots_taken([key.pk for key in keys], now)
    key_rooms = []
    for key in keys:
        strict = key.strict_until is not None and key.strict_until > now
        submits_from = 0.0
        if key.submits_paused_until is not None:
            submits_from = key.submits_paused_until.timestamp()
        probing = key.submit_failures > 0
        slots = taken[key.pk]
        if key.state != KeyState.WORKING or (probing and slots.submits):
            submits_from = float("inf")
        key_rooms.append(
            KeyRoom(
                id=key.pk,
                held=slots.held,
                frees_at=slots.frees_at,
                level=key.bucket_level,
                level_at=key.bucket_at.timestamp(),
                burst=t.strict_burst if strict else t.burst,
                in_flight=in_flight.get(key.pk, 0),
                submits_from=submits_from,
                probing=probing,
            )
        )
    return key_rooms


def room_now(now: datetime, keys: Iterable[int] | None = None) -> dict[int, int]:
    """Free slots by key, for people to read; by default of all in the settings."""
    if keys is None:
        keys = Key.objects.configured().values_list("pk", flat=True)
    return {
        key: timing().limit - slots.taken
        for key, slots in slots_taken(keys, now).items()
    }


def reservation(
    *, key_id: int, try_on_id: uuid.UUID, kind: str, at: float
) -> ApiRequest:
    """Phase one, not saved. The caller holds the key's row and a free slot."""
    return ApiRequest(
        key_id=key_id,
        try_on_id=try_on_id,
        kind=kind,
        token=uuid.uuid4(),
        planned_at=datetime.fromtimestamp(at, UTC),
    )


def keep_buckets(keys: Sequence[KeyRoom]) -> None:
    """Store what planning took out of the burst buckets."""
    for key in keys:
        Key.objects.filter(pk=key.id).update(
            bucket_level=key.level, bucket_at=datetime.fromtimestamp(key.level_at, UTC)
        )


def send(request: ApiRequest, now: datetime) -> bool:
    """Phase two, as the last act before the socket.

    False: void, sent before, or no longer what its try-on waits for. Each condition
    is on the row itself, or PostgreSQL would not look at it again after waiting.
    """
    claimed = TryOn.objects.filter(deleted_at=None, claim=request.token)
    sent = ApiRequest.objects.filter(
        pk=request.pk, sent_at=None, outcome="", try_on__in=claimed
    ).update(sent_at=now)
    request.sent_at = now
    return bool(sent)


def answer(
    request: ApiRequest,
    outcome: str,
    now: datetime,
    *,
    status: int | None = None,
    detail: str = "",
) -> None:
    """Phase three. From now its slot cools down.

    Also for a request that was closed as lost: the later time is the true one.
    """
    ApiRequest.objects.filter(pk=request.pk).update(
        answered_at=now, outcome=outcome, http_status=status, detail=detail[:2000]
    )
    seconds = (now - request.sent_at).total_seconds() if request.sent_at else 0
    logger.info("%s %s in %.1f s", request.kind, outcome, seconds)


def void(requests: Q) -> list[ApiRequest]:
    """Free the slots of reservations that were not sent; those that were not voided
    by anybody else are returned."""
    voided = []
    for request in ApiRequest.objects.filter(requests).unsent():
        rows = ApiRequest.objects.filter(pk=request.pk).unsent()
        if rows.update(outcome=Outcome.VOID):
            voided.append(request)
    return voided


def void_overdue(now: datetime) -> list[ApiRequest]:
    overdue = now - timedelta(seconds=timing().void_after)
    return void(Q(planned_at__lt=overdue))


def close_lost(now: datetime) -> list[ApiRequest]:
    """Requests that left without an answer count as answered at their deadline."""
    t = timing()
    deadlines = {
        ApiRequest.Kind.SUBMIT: timedelta(seconds=t.submit_deadline),
        ApiRequest.Kind.POLL: timedelta(seconds=t.poll_deadline),
    }
    overdue = Q()
    for kind, deadline in deadlines.items():
        latest = now - deadline - timedelta(seconds=t.grace)
        overdue |= Q(kind=kind, sent_at__lt=latest)
    closed = []
    unanswered = ApiRequest.objects.unanswered().filter(overdue)
    for request in unanswered.select_related("try_on"):
        rows = ApiRequest.objects.filter(pk=request.pk).open()
        answered_at = F("sent_at") + deadlines[ApiRequest.Kind(request.kind)]
        if rows.update(answered_at=answered_at, outcome=Outcome.LOST):
            closed.append(request)
    return closed


# --- what answers do to a key ---------------------------------------------------


def slow_down(key: Key, retry_after: float | None, now: datetime) -> None:
    """A 429 came: obey it, and keep strict pace for an hour."""
    t = timing()
    pause = t.retry_after if retry_after is None else max(retry_after, t.retry_after)
    logger.warning("429 for key %s, pausing %.1f s", key.fingerprint, pause)
    with transaction.atomic():
        locked = Key.objects.select_for_update().get(pk=key.pk)
        until = now + timedelta(seconds=pause)
        locked.paused_until = max(locked.paused_until or until, until)
        locked.strict_until = now + timedelta(seconds=t.strict_for)
        locked.bucket_level, locked.bucket_at = 0, max(locked.bucket_at, now)
        locked.save()


def stop_key(key: Key, state: str, reason: str) -> None:
    """The API does not take this key, or it has no credits: what is queued waits."""
    changed = Key.objects.filter(pk=key.pk, state=KeyState.WORKING).update(
        state=state, reason=reason[:2000]
    )
    if changed:
        logger.error("key %s is %s: %s", key.fingerprint, state, reason)


def start_key(key: Key, now: datetime) -> None:
    """A person has mended what stopped it: work again."""
    Key.objects.filter(pk=key.pk).update(
        state=KeyState.WORKING,
        reason="",
        told_at=None,
        paused_until=None,
        submits_paused_until=None,
        submit_failures=0,
    )


def pause_all(*, on: bool, now: datetime) -> bool:
    """Staff stop all submissions, or let them go on; polls go on either way."""
    Planner.objects.update_or_create(
        pk=1, defaults={"submits_paused_at": now if on else None}
    )
    return on


def pause_submits(key: Key, now: datetime) -> float:
    """After a submit without a clear answer: 5 s, doubling to 5 min, then one probe.

    The seconds are returned.
    """
    Key.objects.filter(pk=key.pk).update(submit_failures=F("submit_failures") + 1)
    key.refresh_from_db(fields=["submit_failures"])
    pause = timing().backoff_after(key.submit_failures)
    Key.objects.filter(pk=key.pk).update(
        submits_paused_until=now + timedelta(seconds=pause)
    )
    return pause


def submits_work(key: Key) -> None:
    if key.submit_failures:
        Key.objects.filter(pk=key.pk).update(
            submit_failures=0, submits_paused_until=None
        )


def clock_stepped(previous: datetime, now: datetime) -> None:
    """The wall clock was moved: all that held a slot before counts as just answered."""
    logger.warning("the clock stepped from %s to %s", previous, now)
    since = previous - timedelta(seconds=timing().window)
    keys = Key.objects.values_list("pk", flat=True)
    ApiRequest.objects.answered_since(since, keys).update(answered_at=now)
    Key.objects.update(bucket_level=0, bucket_at=now)
