"""Share links: one picture for whoever has the link, until it ends; and their votes."""

import secrets
import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from .result import Result
from .try_on import TryOn


def new_token() -> str:
    """128 random bits that nobody can guess."""
    return secrets.token_urlsafe(16)


class ShareQuerySet(models.QuerySet["Share"]):
    def open(self, now: datetime) -> Self:
        """Neither over nor ended, of a picture that its owner may see too."""
        # Asked of each, since a list of all that is released would be long.
        released = Result.objects.released().filter(try_on=OuterRef("try_on"))
        return self.filter(
            Exists(released),
            expires_at__gt=now,
            revoked_at=None,
            try_on__deleted_at=None,
        )


class Share(models.Model):
    """A link that shows one result to anybody; 1 to 30 days."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    try_on = models.ForeignKey(TryOn, models.CASCADE, related_name="shares")
    token = models.CharField(max_length=22, unique=True, default=new_token)
    with_photo = models.BooleanField(_("shows the photo too"), default=False)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("ends"))
    revoked_at = models.DateTimeField(_("ended by hand"), null=True, blank=True)

    objects = ShareQuerySet.as_manager()

    class Meta:
        verbose_name = _("share link")
        verbose_name_plural = _("share links")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"link to {self.try_on_id}"


class Vote(models.Model):
    """What somebody with the link thinks; `voter` is random and in their browser only.

    Only the picture's owner sees the comment.
    """

    share = models.ForeignKey(Share, models.CASCADE, related_name="votes")
    voter = models.CharField(max_length=64, editable=False)
    up = models.BooleanField()
    comment = models.CharField(max_length=140, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["share", "voter"], name="vote_once_per_browser"
            )
        ]

    def __str__(self) -> str:
        return "yes" if self.up else "no"
