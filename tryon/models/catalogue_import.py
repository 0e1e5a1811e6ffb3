"""A catalogue import: an uploaded zip, looked through first, then taken in."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .claims import Claimed


class CatalogueImport(Claimed):
    """`problems`: [line, SKU, sentence]; nothing is taken in before they were seen.

    `pictures`: [line, SKU] of those whose picture is another one; `back`: SKUs that
    were retired. What is told is in the language of whoever sent the zip.
    """

    class State(models.TextChoices):
        CHECKING = "checking", _("Being looked through")
        CHECKED = "checked", _("Looked through")
        IMPORTING = "importing", _("Being taken in")
        DONE = "done", _("Taken in")
        UNREADABLE = "unreadable", _("Not readable")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    file_name = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=State, default=State.CHECKING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0, db_default=0)
    pictures_replaced = models.PositiveIntegerField(default=0, db_default=0)
    problems = models.JSONField(default=list)
    pictures = models.JSONField(default=list, null=True)
    back = models.JSONField(default=list, null=True)
    notes = models.JSONField(default=list, null=True)
    replace_pictures = models.BooleanField(default=False, db_default=False)
    language = models.CharField(max_length=10, blank=True, default="", db_default="")
    created_at = models.DateTimeField(_("created"))

    OPEN = (State.CHECKING, State.IMPORTING)
    FAILURE = State.FAILED
    objects = models.Manager["CatalogueImport"]()

    class Meta:
        verbose_name = _("catalogue import")
        verbose_name_plural = _("catalogue imports")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"

    @property
    def percent(self) -> int:
        return round(100 * self.done / self.total) if self.total else 0

    @property
    def told_problems(self) -> list[tuple[int, str, str]]:
        """Those of an earlier release came without their SKU."""
        return [
            (row[0], "", row[1]) if len(row) == 2 else (row[0], row[1], row[2])
            for row in self.problems
        ]
