"""A fitting: several garments at once on one photo."""

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .try_on import TryOn
from .uploads import Photo

if TYPE_CHECKING:
    from .accounts import User


class FittingQuerySet(models.QuerySet["Fitting"]):
    def visible_to(self, owner: "User | None") -> "FittingQuerySet":
        return self.filter(owner=owner) if owner else self.none()


class Fitting(models.Model):
    """Its try-ons stand side by side; each lives and fails for itself.

    One that was there already is shown with the others, not paid for again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="fittings"
    )
    photo = models.ForeignKey(Photo, models.CASCADE, related_name="fittings")
    try_ons = models.ManyToManyField(TryOn, related_name="fittings")
    token = models.UUIDField(editable=False)
    created_at = models.DateTimeField(_("created"))

    objects = FittingQuerySet.as_manager()

    class Meta:
        verbose_name = _("fitting")
        verbose_name_plural = _("fittings")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "token"], name="fitting_token_once_per_owner"
            )
        ]

    def __str__(self) -> str:
        return f"fitting {self.pk}"
