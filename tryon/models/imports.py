"""A catalogue import: an uploaded zip, looked through first, then taken in."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class CatalogueImport(models.Model):
    """`problems`: [line, reason]; nothing is taken in before somebody has seen them."""

    class State(models.TextChoices):
        CHECKING = "checking", _("Being looked through")
        CHECKED = "checked", _("Looked through")
        IMPORTING = "importing", _("Being taken in")
        DONE = "done", _("Taken in")
        UNREADABLE = "unreadable", _("Not readable")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    file_name = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=State, default=State.CHECKING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)
    created_at = models.DateTimeField(_("created"))
    claimed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("catalogue import")
        verbose_name_plural = _("catalogue imports")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"

    @property
    def percent(self) -> int:
        return round(100 * self.done / self.total) if self.total else 0
