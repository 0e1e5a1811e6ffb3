"""Work that was begun on a row and is not done: what stays here has failed."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(days=1)


class UnfinishedQuerySet(models.QuerySet["Unfinished"]):
    def put_off(self, job: str, now: datetime) -> Self:
        """What is not to be tried now: it failed, or somebody is at it."""
        return self.filter(job=job, next_at__gt=now)

    def failed(self, now: datetime) -> Self:
        """What staff should know of: it was not done within the first wait."""
        return self.filter(begun_at__lt=now - FIRST_WAIT)


class Unfinished(models.Model):
    """Written before the work and removed after it, so that a killed worker counts too.

    The next try waits 5 minutes, doubling to a day: one row that cannot be done does
    not stop the others, and of two at once one does it.
    """

    job = models.CharField(_("job"), max_length=40)
    row = models.CharField(_("row"), max_length=60)
    tries = models.PositiveIntegerField(_("tries"), default=1)
    begun_at = models.DateTimeField(_("begun"))
    next_at = models.DateTimeField(_("next try"))
    error = models.TextField(_("error"), blank=True)

    noted = False

    objects = UnfinishedQuerySet.as_manager()

    class Meta:
        verbose_name = _("unfinished work")
        verbose_name_plural = _("unfinished work")
        ordering = ["begun_at"]
        constraints = [
            models.UniqueConstraint(fields=["job", "row"], name="unfinished_once")
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.row}"

    def note_error(self, error: Exception) -> None:
        """Why it stays unfinished."""
        self.noted = True
        self.error = f"{type(error).__name__}: {error}"[:500]
        self.save(update_fields=["error"])

    @classmethod
    def begin(cls, job: str, row: str, now: datetime) -> "Unfinished | None":
        """None if it is put off, or somebody else is at it."""
        first = {"begun_at": now, "next_at": now + FIRST_WAIT}
        work, created = cls.objects.get_or_create(job=job, row=row, defaults=first)
        if created:
            return work
        wait = min(FIRST_WAIT * 2 ** min(work.tries, 16), LONGEST_WAIT)
        due = cls.objects.filter(pk=work.pk, tries=work.tries, next_at__lte=now)
        taken = due.update(tries=F("tries") + 1, next_at=now + wait)
        return work if taken else None
