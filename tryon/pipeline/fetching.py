"""What becomes of a picture that is brought home: kept, tried again, looked for again.

It is paid for. An outage says nothing of its address, and an address that has run out
nothing of the picture: only what the API tells afresh can end it.
"""

from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.db import Error, transaction
from django.db.models import Q

from .. import miragic
from ..miragic.answers import RESULT_FIELDS
from ..models import (
    InvalidMove,
    PendingDeletion,
    Result,
    StaleMove,
    Status,
    TryOn,
    User,
)
from ..pictures import normalise, storage
from ..pictures.comparison import Changes
from ..services import file_deletion
from . import outcomes
from .timing import timing

LONG = timedelta(minutes=2)  # from which on who wishes it is told by e-mail


def addresses(try_on: TryOn, base_url: str) -> list[str]:
    """Where the last poll said that its picture is, the best first."""
    urls = miragic.answers.find_result_addresses(try_on.raw_answer or {}, base_url)
    return list(dict.fromkeys([try_on.result_url, *urls]))


def fetched(
    try_on: TryOn,
    picture: normalise.Picture,
    now: datetime,
    changes: Changes | None = None,
) -> Result | None:
    """Keep the picture, then call it completed. None if it was no longer wanted.

    `changes`: what it changed, if it was compared already.
    """
    result = Result(try_on=try_on, created_at=now)
    result.store(picture, now)
    if changes is not None:
        PendingDeletion.expect(result.changes_name, now)
        storage.save(result.changes_name, ContentFile(changes.layer))
        result.take_changes(changes, now)
    raw = miragic.answers.leave_out(try_on.raw_answer or {}, RESULT_FIELDS)
    data = raw.get("data")
    if isinstance(data, dict):
        raw = {**raw, "data": miragic.answers.leave_out(data, RESULT_FIELDS)}
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
            if changes is not None:
                PendingDeletion.keep(result.changes_name)
    except (StaleMove, InvalidMove):
        file_deletion.erase(result.file_names)
        return None
    except Error:
        storage.delete(result.file_names)  # fetched again when its lease runs out
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


def out_of_reach(try_on: TryOn, detail: str, now: datetime) -> None:
    """An outage on the way, however long: no attempt, but ever rarer.

    After a day of it the API is asked whether the picture is elsewhere by now.
    """
    waited = (now - (try_on.answered_at or now)).total_seconds()
    if waited >= timing().give_up:
        return address_failed(try_on, detail, now)
    wait = min(max(waited / 4, timing().backoff), timing().longest_backoff)
    try_on.put_off(wait, now, counts=-1)


def address_failed(
    try_on: TryOn, detail: str, now: datetime, *, final: bool = False
) -> None:
    """It is at none of its addresses, or what is there is no picture."""
    mine = TryOn.objects.select_for_update().filter(pk=try_on.pk, claim=try_on.claim)
    with transaction.atomic():
        if mine.exists():  # or else another worker is at it, perhaps with more luck
            outcomes.poll_again(try_on, detail, now, final=final)
