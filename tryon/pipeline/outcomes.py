"""What an answer of the API does to a try-on, its request and its key.

What an answer means is `miragic.meaning`'s to say, what becomes of the picture
`fetching`'s. Each function stores one answer; an answer for a try-on that
was deleted or moved on meanwhile still closes its request, and is then dropped.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from .. import miragic
from ..models import FailureCode, InvalidMove, StaleMove, Status, TryOn
from ..models.ledger import ApiRequest, KeyState, Outcome
from . import budget
from .timing import timing

logger = logging.getLogger(__name__)

REFUSALS = 3  # polls that the API refuses before a job is given up
VAIN = 10  # times that it calls a picture done and none can be had, over 20 minutes
TURNED_AWAY = 300  # submits of one job that meet a page, over about a day
ODD_WORD = "Its documentation has no such word for the end:"
REFUSING = (Outcome.REFUSED, Outcome.KEY_REFUSED)
SAID = (  # what the API itself said to a poll; anything else said nothing
    Outcome.RUNNING,
    Outcome.COMPLETED,
    Outcome.FAILED,
    *REFUSING,
)
OUTCOMES: dict[type[miragic.MiragicError], str] = {
    miragic.NotArrived: Outcome.NOT_ARRIVED,
    miragic.MayHaveArrived: Outcome.UNCLEAR,
    miragic.Refused: Outcome.REFUSED,
    miragic.RateLimited: Outcome.RATE_LIMITED,
    miragic.KeyRefused: Outcome.KEY_REFUSED,
    miragic.OutOfCredits: Outcome.OUT_OF_CREDITS,
}


def move(try_on: TryOn, to: str, **kwargs: object) -> None:
    """Move it, or drop the answer if somebody else moved it first."""
    only_if = Q(deleted_at=None)
    try:
        try_on.move(to, only_if=only_if, **kwargs)  # type: ignore[arg-type]
    except (StaleMove, InvalidMove) as dropped:
        logger.info("answer dropped: %s", dropped)


def try_on_of(request: ApiRequest) -> TryOn | None:
    if request.try_on_id is None:
        return None
    return TryOn.objects.existing().filter(pk=request.try_on_id).first()


# --- submit -----------------------------------------------------------------------


def submitted(request: ApiRequest, answer: miragic.Accepted, now: datetime) -> None:
    with transaction.atomic():
        budget.answer(request, Outcome.ACCEPTED, now, status=200)
        budget.submits_work(request.key)
        try_on = try_on_of(request)
        if try_on is not None:
            move(
                try_on,
                Status.PROCESSING,
                now=now,
                remote_id=answer.remote_id,
                key=request.key,
                submitted_at=now,
                last_polled_at=now,
            )


def submit_failed(
    request: ApiRequest, error: miragic.MiragicError, now: datetime
) -> None:
    with transaction.atomic():
        _close(request, error, now)
        pause = 0.0
        if isinstance(error, miragic.NotArrived | miragic.MayHaveArrived):
            pause = budget.pause_submits(request.key, now)
        else:
            budget.submits_work(request.key)
        try_on = try_on_of(request)
        if try_on is None or try_on.claim != request.token:
            return
        if isinstance(error, miragic.Refused):
            code = refusal_code(error)
            fail(try_on, code, error.detail, now)
        elif isinstance(error, miragic.MayHaveArrived):
            move(try_on, Status.UNCONFIRMED, now=now, note=error.detail)
        elif isinstance(error, miragic.NotArrived):
            _submit_later(try_on, error, pause, now)
        else:  # back in line: the key waits, not the job
            move(
                try_on,
                Status.QUEUED,
                now=now,
                note=error.detail,
                attempts=try_on.attempts,
            )


def _submit_later(
    try_on: TryOn, error: miragic.NotArrived, pause: float, now: datetime
) -> None:
    """It certainly created nothing: back in line, and again when its key goes on.

    A little later than that, so that the key's next try is another job's, if there is
    one: a firewall may dislike this very picture. After a day of that it ends.
    """
    attempts = try_on.attempts + 1
    if error.status is not None and attempts >= TURNED_AWAY:
        return fail(try_on, FailureCode.TIMED_OUT, error.detail, now)
    wait = max(timing().backoff_after(attempts), pause) + timing().backoff
    move(
        try_on,
        Status.QUEUED,
        now=now,
        note=error.detail,
        attempts=attempts,
        next_attempt_at=now + timedelta(seconds=wait),
    )


def refusal_code(error: miragic.MiragicError) -> str:
    """Which picture was refused, as far as the text names one of the form's fields."""
    text = f"{error.code} {error.detail}".lower()
    if "human" in text or "person" in text:
        return FailureCode.PHOTO_REFUSED
    if "cloth" in text or "garment" in text:
        return FailureCode.GARMENT_REFUSED
    return FailureCode.REFUSED


# --- poll -------------------------------------------------------------------------


def polled(request: ApiRequest, answer: miragic.Polled, now: datetime) -> None:
    outcome = {
        miragic.JobState.RUNNING: Outcome.RUNNING,
        miragic.JobState.COMPLETED: Outcome.COMPLETED,
        miragic.JobState.FAILED: Outcome.FAILED,
    }[answer.state]
    detail = answer.error_message
    if answer.odd_word:
        detail = f"{ODD_WORD} {answer.odd_word}"
        logger.error("%s; its picture is fetched", detail)
    with transaction.atomic():
        budget.answer(request, outcome, now, status=200, detail=detail)
        try_on = try_on_of(request)
        if try_on is None or try_on.status != Status.PROCESSING:
            return
        if answer.state == miragic.JobState.RUNNING:
            _still_running(request, try_on, now)
        elif answer.state == miragic.JobState.FAILED:
            fail(
                try_on,
                FailureCode.NOT_MADE,
                answer.error_message,
                now,
                raw_answer=answer.raw,
                answered_at=now,
                duration_seconds=_duration(try_on, answer, now),
            )
        elif not answer.result_url:
            poll_again(try_on, "no address", now)
        else:
            fields = {
                "answered_at": now,
                "duration_seconds": _duration(try_on, answer, now),
            }
            move(
                try_on,
                Status.FETCHING,
                now=now,
                note=detail if answer.odd_word else "",
                result_url=answer.result_url,
                raw_answer=answer.raw,
                **(fields if try_on.answered_at is None else {}),
            )


def poll_again(
    try_on: TryOn, detail: str, now: datetime, *, final: bool = False
) -> None:
    """It is made, but at no address that was told: the next poll gives a fresh one.

    Given up when the API has called it done `VAIN` times, and none could be had; twice,
    if no address of this kind can ever be (`final`).
    """
    completions = ApiRequest.objects.filter(
        try_on=try_on, outcome=Outcome.COMPLETED
    ).count()
    if completions >= VAIN or (final and completions > 1):
        return fail(try_on, FailureCode.RESULT_UNAVAILABLE, detail, now)
    wait = timing().backoff_after(max(completions, 1))
    if try_on.status == Status.PROCESSING:
        return try_on.put_off(wait, now, counts=0)
    move(
        try_on,
        Status.PROCESSING,
        now=now,
        note=detail,
        next_attempt_at=now + timedelta(seconds=wait),
    )


def _still_running(request: ApiRequest, try_on: TryOn, now: datetime) -> None:
    assert request.sent_at is not None and try_on.submitted_at is not None
    age = (now - try_on.submitted_at).total_seconds()
    if age >= timing().give_up:
        return fail(try_on, FailureCode.TIMED_OUT, f"still running: {age:.0f} s", now)
    TryOn.objects.filter(pk=try_on.pk, claim=request.token).update(
        claim=None,
        lease_until=None,
        attempts=0,
        next_attempt_at=None,
        last_polled_at=request.sent_at,
    )


def _duration(try_on: TryOn, answer: miragic.Polled, now: datetime) -> float:
    """What the API reports, held between what we saw ourselves; seconds."""
    assert try_on.submitted_at is not None
    last = try_on.last_polled_at or try_on.submitted_at
    least = max((last - try_on.submitted_at).total_seconds(), 0.0)
    most = max((now - try_on.submitted_at).total_seconds(), least)
    if answer.seconds is None:
        return (least + most) / 2
    return min(max(answer.seconds, least), most)


def poll_failed(
    request: ApiRequest, error: miragic.MiragicError, now: datetime
) -> None:
    with transaction.atomic():
        try_on = try_on_of(request)
        foreign = try_on is not None and try_on.key_id != request.key_id
        _close(request, error, now, stop_key=not foreign)
        if try_on is None or try_on.claim != request.token:
            return
        refused = isinstance(error, miragic.Refused | miragic.KeyRefused)
        if refused and (foreign or isinstance(error, miragic.Refused)):
            answers = ApiRequest.objects.filter(try_on=try_on, outcome__in=SAID)
            last = answers.order_by("-pk").values_list("outcome", flat=True)[:REFUSALS]
            if [outcome in REFUSING for outcome in last] == [True] * REFUSALS:
                code = FailureCode.KEY_GONE if foreign else _vanished_code(error)
                return fail(try_on, code, error.detail, now)
        if isinstance(error, miragic.RateLimited | miragic.KeyRefused) and not foreign:
            try_on.release()  # the key waits, not the job
        else:
            try_on.put_off(timing().backoff_after(try_on.attempts + 1), now)


def _vanished_code(error: miragic.MiragicError) -> str:
    if miragic.is_about_a_picture(error.code, error.detail):
        return refusal_code(error)
    return FailureCode.VANISHED


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


def fail(
    try_on: TryOn, code: str, detail: str, now: datetime, **changes: object
) -> None:
    move(
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
        try_on = try_on_of(request)
        if voided and try_on is not None:
            fail(try_on, FailureCode.PICTURES_GONE, detail, now)
