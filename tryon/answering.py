"""What an answer of the API does to a try-on, its request and its key.

Design 3.1 and 3.2. Each function stores one answer; an answer for a try-on that
was deleted or moved on meanwhile still closes its request, and is then dropped.
"""

import logging
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.db import (
    DatabaseError,
    transaction,
)
from django.db.models import Q

from . import erasing, images, media, miragic
from .changes import Changes
from .miragic.answers import RESULT_FIELDS
from .models import (
    DoomedFile,
    FailureCode,
    InvalidMove,
    Result,
    StaleMove,
    Status,
    TryOn,
    User,
)
from .models.ledger import ApiRequest, KeyState, Outcome
from .scheduling import budget
from .scheduling.timing import timing

logger = logging.getLogger(__name__)

REFUSALS = 3  # looks that are refused before a job is given up
LONG = timedelta(minutes=2)  # from which on who wishes it is told by e-mail
FETCHES = 10  # attempts to bring a picture home, over about 15 minutes
OUTCOMES: dict[type[miragic.MiragicError], str] = {
    miragic.NotArrived: Outcome.NOT_ARRIVED,
    miragic.MayHaveArrived: Outcome.UNCLEAR,
    miragic.Refused: Outcome.REFUSED,
    miragic.RateLimited: Outcome.RATE_LIMITED,
    miragic.KeyRefused: Outcome.KEY_REFUSED,
    miragic.OutOfCredits: Outcome.OUT_OF_CREDITS,
}


def _move(try_on: TryOn, to: str, **kwargs: object) -> None:
    """Move it, or drop the answer if somebody else moved it first."""
    only_if = Q(deleted_at=None)
    try:
        try_on.move(to, only_if=only_if, **kwargs)  # type: ignore[arg-type]
    except (StaleMove, InvalidMove) as dropped:
        logger.info("answer dropped: %s", dropped)


def _try_on(request: ApiRequest) -> TryOn | None:
    if request.try_on_id is None:
        return None
    return TryOn.objects.existing().filter(pk=request.try_on_id).first()


# --- submit -----------------------------------------------------------------------


def submitted(request: ApiRequest, answer: miragic.Accepted, now: datetime) -> None:
    with transaction.atomic():
        budget.answer(request, Outcome.ACCEPTED, now, status=200)
        budget.submits_work(request.key)
        try_on = _try_on(request)
        if try_on is not None:
            _move(
                try_on,
                Status.PROCESSING,
                now=now,
                remote_id=answer.remote_id,
                key=request.key,
                submitted_at=now,
                last_look_at=now,
            )


def submit_failed(
    request: ApiRequest, error: miragic.MiragicError, now: datetime
) -> None:
    with transaction.atomic():
        _close(request, error, now)
        if isinstance(error, miragic.NotArrived | miragic.MayHaveArrived):
            budget.pause_submits(request.key, now)
        else:
            budget.submits_work(request.key)
        try_on = _try_on(request)
        if try_on is None or try_on.claim != request.token:
            return
        if isinstance(error, miragic.Refused):
            code = refusal_code(error)
            _fail(try_on, code, error.detail, now)
        elif isinstance(error, miragic.MayHaveArrived):
            _move(try_on, Status.UNCONFIRMED, now=now, note=error.detail)
        else:
            # It certainly created nothing: back in line, where the key waits, not it.
            backoff = None
            attempts = try_on.attempts
            if isinstance(error, miragic.NotArrived):
                attempts += 1
                backoff = now + timedelta(seconds=timing().backoff_after(attempts))
            _move(
                try_on,
                Status.QUEUED,
                now=now,
                note=error.detail,
                attempts=attempts,
                next_attempt_at=backoff,
            )


def refusal_code(error: miragic.Refused) -> str:
    """Which picture was refused, as far as the text names one of the form's fields."""
    text = f"{error.code} {error.detail}".lower()
    if "human" in text or "person" in text:
        return FailureCode.PHOTO_REFUSED
    if "cloth" in text or "garment" in text:
        return FailureCode.GARMENT_REFUSED
    return FailureCode.REFUSED


# --- look -------------------------------------------------------------------------


def looked(request: ApiRequest, answer: miragic.Looked, now: datetime) -> None:
    outcome = {
        miragic.JobState.RUNNING: Outcome.RUNNING,
        miragic.JobState.COMPLETED: Outcome.COMPLETED,
        miragic.JobState.FAILED: Outcome.FAILED,
    }[answer.state]
    with transaction.atomic():
        budget.answer(request, outcome, now, status=200, detail=answer.error_message)
        try_on = _try_on(request)
        if try_on is None or try_on.status != Status.PROCESSING:
            return
        if answer.state == miragic.JobState.RUNNING:
            _still_running(request, try_on, now)
        elif answer.state == miragic.JobState.FAILED:
            _fail(
                try_on,
                FailureCode.NOT_MADE,
                answer.error_message,
                now,
                raw_answer=answer.raw,
                answered_at=now,
                duration_seconds=_duration(try_on, answer, now),
            )
        elif not answer.result_url:
            _refused_look(try_on, FailureCode.RESULT_UNAVAILABLE, "no address", now)
        else:
            _move(
                try_on,
                Status.FETCHING,
                now=now,
                result_url=answer.result_url,
                raw_answer=answer.raw,
                answered_at=now,
                duration_seconds=_duration(try_on, answer, now),
            )


def _still_running(request: ApiRequest, try_on: TryOn, now: datetime) -> None:
    assert request.sent_at is not None and try_on.submitted_at is not None
    age = (now - try_on.submitted_at).total_seconds()
    if age >= timing().give_up:
        return _fail(try_on, FailureCode.TIMED_OUT, f"still running: {age:.0f} s", now)
    TryOn.objects.filter(pk=try_on.pk, claim=request.token).update(
        claim=None,
        lease_until=None,
        attempts=0,
        next_attempt_at=None,
        last_look_at=request.sent_at,
    )


def _duration(try_on: TryOn, answer: miragic.Looked, now: datetime) -> float:
    """What the API reports, held between what we saw ourselves; seconds."""
    assert try_on.submitted_at is not None
    last = try_on.last_look_at or try_on.submitted_at
    least = max((last - try_on.submitted_at).total_seconds(), 0.0)
    most = max((now - try_on.submitted_at).total_seconds(), least)
    if answer.seconds is None:
        return (least + most) / 2
    return min(max(answer.seconds, least), most)


def look_failed(
    request: ApiRequest, error: miragic.MiragicError, now: datetime
) -> None:
    with transaction.atomic():
        try_on = _try_on(request)
        foreign = try_on is not None and try_on.key_id != request.key_id
        _close(request, error, now, stop_key=not foreign)
        if try_on is None or try_on.claim != request.token:
            return
        refused = isinstance(error, miragic.Refused | miragic.KeyRefused)
        if foreign and refused:
            _refused_look(try_on, FailureCode.KEY_GONE, error.detail, now)
        elif isinstance(error, miragic.Refused):
            _refused_look(try_on, FailureCode.VANISHED, error.detail, now)
        elif isinstance(error, miragic.NotArrived | miragic.MayHaveArrived):
            try_on.put_off(timing().backoff_after(try_on.attempts + 1), now)
        else:
            try_on.release()


def _refused_look(try_on: TryOn, code: str, detail: str, now: datetime) -> None:
    if try_on.attempts + 1 >= REFUSALS:
        _fail(try_on, code, detail, now)
    else:
        try_on.put_off(timing().backoff_after(try_on.attempts + 1), now)


# --- fetch ------------------------------------------------------------------------


def fetched(
    try_on: TryOn,
    picture: images.Picture,
    now: datetime,
    found: Changes | None = None,
) -> Result | None:
    """Keep the picture, then call it completed. None if it was no longer wanted.

    `found`: what it changed, if it was compared already.
    """
    result = Result(try_on=try_on, created_at=now)
    result.store(picture, now)
    if found is not None:
        DoomedFile.expect(result.changes_name, now)
        media.save(result.changes_name, ContentFile(found.layer))
        result.take_changes(found, now)
    raw = miragic.answers.without(try_on.raw_answer or {}, RESULT_FIELDS)
    data = raw.get("data")
    if isinstance(data, dict):
        raw = {**raw, "data": miragic.answers.without(data, RESULT_FIELDS)}
    try:
        with transaction.atomic():
            try_on.move(
                Status.COMPLETED,
                now=now,
                # Whoever has the picture in hand, though the lease ran out meanwhile.
                only_if=Q(deleted_at=None),
                result_url="",
                raw_answer=raw,
                letter_due=_is_letter_due(try_on, now),
            )
            result.save(force_insert=True)
            if found is not None:
                DoomedFile.keep(result.changes_name)
    except (StaleMove, InvalidMove):
        erasing.erase(result.file_names)
        return None
    except DatabaseError:
        media.delete(result.file_names)  # fetched again when its lease runs out
        raise
    return result


def _is_letter_due(try_on: TryOn, now: datetime) -> bool:
    """Past our patience its page promised a letter; others who wish it get theirs."""
    if try_on.submitted_at is None or try_on.owner_id is None:
        return False
    if now - try_on.submitted_at > timedelta(seconds=timing().patience):
        return True
    wished = User.objects.filter(pk=try_on.owner_id, tell_when_done=True)
    return now - try_on.created_at > LONG and wished.exists()


def keep_fetching(try_on: TryOn, now: datetime) -> None:
    """Our own storage is away or our decoders are busy, however long: no attempt."""
    try_on.put_off(timing().backoff, now, counts=-1)


def fetch_failed(try_on: TryOn, detail: str, now: datetime, *, final: bool) -> None:
    """An attempt was counted when it began."""
    if final or try_on.attempts >= FETCHES:
        _fail(try_on, FailureCode.RESULT_UNAVAILABLE, detail, now)
    else:
        try_on.put_off(timing().backoff_after(try_on.attempts), now, counts=0)


def fetches_lost(now: datetime) -> None:
    """Nobody renews the lease: the worker is gone, or its order never came.

    The first time it is fetched again at once. A picture that kills each worker is
    given up like one that cannot be had.
    """
    lost = TryOn.objects.filter(status=Status.FETCHING, lease_until__lt=now)
    for try_on in lost:
        if try_on.attempts > 1:
            fetch_failed(try_on, "its workers were killed", now, final=False)
        else:
            try_on.release()


# --- what they share ----------------------------------------------------------------


def _close(
    request: ApiRequest,
    error: miragic.MiragicError,
    now: datetime,
    *,
    stop_key: bool = True,
) -> None:
    budget.answer(
        request, OUTCOMES[type(error)], now, status=error.status, detail=error.detail
    )
    if isinstance(error, miragic.RateLimited):
        budget.slow_down(request.key, error.retry_after, now)
    elif isinstance(error, miragic.OutOfCredits):
        budget.stop_key(request.key, KeyState.OUT_OF_CREDITS, error.detail)
    elif isinstance(error, miragic.KeyRefused) and stop_key:
        budget.stop_key(request.key, KeyState.REFUSED, error.detail)


def _fail(
    try_on: TryOn, code: str, detail: str, now: datetime, **changes: object
) -> None:
    _move(
        try_on,
        Status.FAILED,
        now=now,
        note=str(FailureCode(code).label),
        failure_code=code,
        failure_detail=detail[:2000],
        **changes,
    )


def pictures_unreadable(request: ApiRequest, detail: str, now: datetime) -> None:
    """Our own files could not be read: nothing was sent, nothing is billed."""
    with transaction.atomic():
        voided = budget.void(Q(pk=request.pk))
        try_on = _try_on(request)
        if voided and try_on is not None:
            _fail(try_on, FailureCode.PICTURES_GONE, detail, now)


def lost(request: ApiRequest, now: datetime) -> None:
    """A request left and nobody recorded an answer: its worker was killed."""
    _give_up(request, Status.UNCONFIRMED, "no answer was recorded", now)


def voided(request: ApiRequest, now: datetime) -> None:
    """A reservation ran out before it was sent: the try-on is back where it was."""
    _give_up(request, Status.QUEUED, "reservation void", now)


def _give_up(request: ApiRequest, to: str, note: str, now: datetime) -> None:
    """A submit's try-on moves on; a look is simply made again."""
    try_on = _try_on(request)
    if try_on is None or try_on.claim != request.token:
        return
    if request.kind == ApiRequest.Kind.SUBMIT:
        _move(try_on, to, now=now, note=note)
    else:
        try_on.release()


# --- by the clock -------------------------------------------------------------------


def give_up_overdue(now: datetime) -> None:
    """Jobs that nobody could look at for a day, say with their key stopped."""
    oldest = now - timedelta(seconds=timing().give_up + timing().longest_late_look)
    overdue = TryOn.objects.existing().filter(
        status=Status.PROCESSING, claim=None, submitted_at__lt=oldest
    )
    for try_on in overdue:
        _fail(try_on, FailureCode.TIMED_OUT, "nobody could look", now)


def resend_unconfirmed(now: datetime) -> None:
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
        _move(try_on, Status.QUEUED, now=now, note="sent again by itself")
