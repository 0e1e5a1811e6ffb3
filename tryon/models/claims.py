"""Work that one worker at a time does: claimed, renewed with progress, ended once."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

LEASE = timedelta(minutes=10)  # without progress; no single step takes so long
MOST_ATTEMPTS = 3


class ClaimLost(Exception):
    """The work is somebody else's by now, or gone: stop."""


class Claimed(models.Model):
    """Every write of a worker is a compare-and-set on its own claim.

    So one that was taken for dead and comes back late changes nothing.
    """

    claim = models.UUIDField(null=True, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)

    OPEN: ClassVar[tuple[str, ...]]  # states in which there is something to do
    FAILURE: ClassVar[str]
    objects: models.Manager[Self]

    class Meta:
        abstract = True

    @classmethod
    def free(cls, now: datetime) -> models.QuerySet[Self]:
        """What is to be done and nobody does; a silent worker is taken for dead."""
        nobody = Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE)
        rows: models.QuerySet[Self] = cls.objects.filter(nobody, state__in=cls.OPEN)
        return rows

    @classmethod
    def forgotten(cls, now: datetime) -> models.QuerySet[Self]:
        """Those whose message or worker was lost; new ones have a message under way."""
        old = Q(created_at__lt=now - timedelta(minutes=1))
        return cls.free(now).filter(old | Q(claimed_at__isnull=False))

    @classmethod
    def take(cls, pk: object, now: datetime, **changes: object) -> Self | None:
        """Claim it. None if there is nothing to do; after three attempts it failed."""
        rows = cls.free(now).filter(pk=pk)
        if rows.filter(attempts__gte=MOST_ATTEMPTS).update(
            state=cls.FAILURE, claim=None, claimed_at=None
        ):
            return None
        claim = uuid.uuid4()
        rows.filter(attempts__lt=MOST_ATTEMPTS).update(
            claim=claim, claimed_at=now, attempts=F("attempts") + 1, **changes
        )
        row: Self | None = cls.objects.filter(pk=pk, claim=claim).first()
        return row

    def renew(self, now: datetime, **changes: object) -> None:
        """With progress. Raises `ClaimLost`."""
        if not self._mine().update(claimed_at=now, **changes):
            raise ClaimLost(f"{self}")

    def end(self, **changes: object) -> bool:
        """The last change, if it is still ours to make."""
        return bool(self._mine().update(claim=None, claimed_at=None, **changes))

    def give_back(self, *, counts: bool = True) -> None:
        """Not ended: free for whoever comes next. Nothing if it ended or is lost.

        What only waits for something else (`counts` is false) was no attempt.
        """
        attempts = F("attempts") if counts else F("attempts") - 1
        self._mine().update(claim=None, claimed_at=None, attempts=attempts)

    def _mine(self) -> models.QuerySet[Self]:
        return type(self).objects.filter(pk=self.pk, claim=self.claim)
