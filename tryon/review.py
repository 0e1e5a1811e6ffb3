"""What staff decide about a result: shown, or taken down. Each decision is kept."""

from datetime import datetime

from django.db import transaction

from .models import Result, ReviewDecision, User
from .models.result import Decision, ReviewState

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
    *, result: Result, decision: Decision, by: User, now: datetime, reason: str = ""
) -> bool:
    """False if somebody decided first; then nothing was changed."""
    to, sources = MOVES[decision]
    with transaction.atomic():
        rows = Result.objects.filter(pk=result.pk, review_state__in=sources)
        if not rows.update(review_state=to):
            return False
        ReviewDecision.objects.create(
            result=result, decision=decision, reason=reason, by=by, at=now
        )
    return True
