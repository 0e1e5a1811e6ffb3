"""Links to one picture, what their visitors think, and reports of a problem."""

from datetime import datetime, timedelta

from django.db import transaction

from ..models import Report, Result, Share, TryOn, User, Vote
from ..models.result import Priority

MOST_DAYS = 30


def create_share(*, try_on: TryOn, days: int, with_photo: bool, now: datetime) -> Share:
    """A link to a completed picture, for 1 to 30 days; `ValueError` for others."""
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(days)
    return Share.objects.create(
        try_on=try_on,
        with_photo=with_photo,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )


def end_share(*, share: Share, now: datetime) -> None:
    Share.objects.filter(pk=share.pk, revoked_at=None).update(revoked_at=now)


def vote(*, share: Share, voter: str, up: bool, comment: str, now: datetime) -> None:
    """One vote a browser; voting again changes it."""
    Vote.objects.update_or_create(
        share=share,
        voter=voter,
        defaults={"up": up, "comment": comment, "at": now},
    )


def report_problem(
    *, result: Result, reason: str, text: str, by: User, now: datetime
) -> None:
    """The customer's word about a result, and a flag for the reviewers."""
    with transaction.atomic():
        Report.objects.create(result=result, reason=reason, text=text, by=by, at=now)
        Result.objects.filter(pk=result.pk).update(
            flagged_at=now, priority=Priority.REPORTED
        )
