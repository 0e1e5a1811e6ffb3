"""What staff decide about a result: shown, or taken down. Each decision is kept.

The queue hands each reviewer a few results for ten minutes, so that two never get the
same one; a decision counts only where nobody decided before.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from .. import services
from ..models import Result, ReviewDecision, TryOn, User
from ..models.result import Decision, HideReason, ResultQuerySet
from ..models.states import ReviewState
from .release import tell_of_release

BATCH = 12
CLAIM = timedelta(minutes=10)
MOVES = {
    Decision.APPROVE: (ReviewState.APPROVED, (ReviewState.UNREVIEWED,)),
    Decision.HIDE: (
        ReviewState.HIDDEN,
        (ReviewState.UNREVIEWED, ReviewState.APPROVED),
    ),
    Decision.UNDO: (
        ReviewState.UNREVIEWED,
        (ReviewState.APPROVED, ReviewState.HIDDEN),
    ),
}


def decide(
    *,
    result: Result,
    decision: Decision,
    by: User,
    now: datetime,
    reason: str = "",
    expected: str = "",
) -> bool:
    """False if somebody decided first; then nothing was changed.

    `expected`: the state that the decider saw, where that matters. Hiding gives the
    try back, unless the customer sent something unsuitable.
    """
    to, sources = MOVES[decision]
    with tell_of_release(result, now):
        rows = Result.objects.filter(pk=result.pk, review_state__in=sources)
        if expected:
            rows = rows.filter(review_state=expected)
        was_hidden = rows.filter(review_state=ReviewState.HIDDEN).exists()
        changes = {"claimed_by": None, "claimed_until": None}
        hidden = reason if decision == Decision.HIDE else ""
        if not rows.update(review_state=to, hide_reason=hidden, **changes):
            return False
        record = ReviewDecision.objects.create(
            result=result, decision=decision, reason=reason, by=by, at=now
        )
        mine = TryOn.objects.filter(pk=result.try_on_id)
        if decision == Decision.HIDE and reason != HideReason.UNSUITABLE:
            counted = mine.filter(counts_against_limit=True)
            record.gave_try_back = bool(counted.update(counts_against_limit=False))
            record.save(update_fields=["gave_try_back"])
        elif decision == Decision.UNDO and was_hidden:
            hiding = ReviewDecision.objects.filter(
                result=result, decision=Decision.HIDE
            ).first()
            if hiding is not None and hiding.gave_try_back:
                mine.update(counts_against_limit=True)
    return True


def send_again(*, result: Result, by: User, now: datetime) -> bool:
    """Hide it and make it anew for its owner, at no cost to them."""
    with transaction.atomic():
        reason = HideReason.MADE_AGAIN
        if not decide(
            result=result,
            decision=Decision.HIDE,
            by=by,
            now=now,
            reason=reason,
            expected=ReviewState.UNREVIEWED,
        ):
            return False
        old = result.try_on
        if old.photo is not None and old.garment is not None and old.owner is not None:
            services.create_try_on(
                owner=old.owner,
                photo=old.photo,
                outfit=services.Outfit(old.garment, old.bottom_garment),
                now=now,
                again=True,
                retry_of=old,
                counts=False,
            )
    return True


def fill_queue(*, reviewer: User, now: datetime) -> list[Result]:
    """The reviewer's own few, filled up from what nobody else has."""
    with transaction.atomic():
        mine = _get_claimed(reviewer, now)
        missing = BATCH - len(mine)
        if missing > 0:
            free = Q(claimed_until=None) | Q(claimed_until__lte=now)
            rows = Result.objects.pending().filter(free)
            wanted = list(
                rows.select_for_update(skip_locked=True, of=("self",)).values_list(
                    "pk", flat=True
                )[:missing]
            )
            Result.objects.filter(pk__in=wanted).update(claimed_by=reviewer)
        Result.objects.filter(claimed_by=reviewer).update(claimed_until=now + CLAIM)
        return list(_get_claimed(reviewer, now))


def _get_claimed(reviewer: User, now: datetime) -> ResultQuerySet:
    claims = Result.objects.filter(claimed_by=reviewer, claimed_until__gt=now)
    # First the few, by name: else the whole queue is walked to find them in order.
    rows = Result.objects.pending().filter(
        pk__in=list(claims.values_list("pk", flat=True))
    )
    return rows.select_related(
        "try_on__photo",
        "try_on__garment",
        "try_on__bottom_garment",
        "try_on__owner",
    )


def count_with_others(*, reviewer: User, now: datetime) -> int:
    """How many results other reviewers have before them now."""
    rows = Result.objects.filter(claimed_until__gt=now).exclude(claimed_by=reviewer)
    return rows.count()
