"""Which staff looked at which customer's picture, and when."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class PictureAccess(models.Model):
    """One line a picture, a person and an hour."""

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="picture_accesses"
    )
    stem = models.CharField(_("picture"), max_length=40)
    hour = models.DateTimeField(_("hour"))

    class Meta:
        verbose_name = _("look at a customer's picture")
        verbose_name_plural = _("looks at customers' pictures")
        ordering = ["-hour", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["by", "stem", "hour"], name="picture_access_once_an_hour"
            )
        ]

    def __str__(self) -> str:
        return self.stem
