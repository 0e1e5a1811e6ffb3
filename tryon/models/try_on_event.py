"""The story of a try-on, a line for each move."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .states import Status


class TryOnEvent(models.Model):
    """One line of a try-on's story."""

    try_on = models.ForeignKey("tryon.TryOn", models.CASCADE, related_name="events")
    from_status = models.CharField(max_length=11, choices=Status, blank=True)
    to_status = models.CharField(max_length=11, choices=Status)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True
    )
    at = models.DateTimeField()
    note = models.TextField(blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"
