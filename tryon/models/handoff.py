"""A hand-off: a phone sends a photo into the page that is open on a desktop."""

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .uploads import Photo

LIFETIME = timedelta(minutes=10)


class Handoff(models.Model):
    """Works once, until it expires. Only the code has the secret; its hash is here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="handoffs"
    )
    secret_sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)
    photo = models.ForeignKey(Photo, models.SET_NULL, null=True, blank=True)

    class Meta:
        verbose_name = _("hand-off")
        verbose_name_plural = _("hand-offs")

    def __str__(self) -> str:
        return f"hand-off {self.pk}"

    @staticmethod
    def hashed(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()

    @staticmethod
    def new_secret() -> str:
        return secrets.token_urlsafe(16)

    def is_open(self, now: datetime) -> bool:
        return self.used_at is None and now < self.expires_at
