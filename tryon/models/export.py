"""An export: pictures as one zip, made by a task and kept for a few days."""

import secrets
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .claims import Claimed

if TYPE_CHECKING:
    from .accounts import User

LIFETIME = timedelta(days=3)


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, owner: "User | None") -> Self:
        return self.filter(owner=owner) if owner else self.none()


class Export(Claimed):
    """What goes in is named by `try_ons`, or all of the owner's data.

    Nothing of it outlives the pictures.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        MAKING = "making", _("Being made")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="exports"
    )
    everything = models.BooleanField(default=False)
    try_ons = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    file_name = models.CharField(max_length=60, blank=True)
    size = models.PositiveBigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(_("created"))

    OPEN = (State.WAITING, State.MAKING)
    FAILURE = State.FAILED
    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [models.Index(fields=["state", "created_at"])]

    def __str__(self) -> str:
        return f"export {self.pk}"

    @staticmethod
    def new_file_name() -> str:
        return f"export-{secrets.token_urlsafe(16)}.zip"

    @property
    def percent(self) -> int:
        return round(100 * self.done / self.total) if self.total else 0
