"""The fitting room on the shop's own product pages: who is there, what came of it."""

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .shop_keys import hash_secret

if TYPE_CHECKING:
    from .accounts import User

TOKEN_LIFETIME = timedelta(minutes=10)


class EmbedToken(models.Model):
    """That the shop says who its shopper is; good for one browser. Kept by its hash."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="embed_tokens"
    )
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="embed_token_expires")]

    def __str__(self) -> str:
        return f"of {self.customer}"

    @classmethod
    def create(cls, customer: "User", now: datetime) -> tuple["EmbedToken", str]:
        """With its secret, which nobody can ask for again."""
        secret = secrets.token_urlsafe(32)
        row = cls.objects.create(
            digest=hash_secret(secret),
            customer=customer,
            expires_at=now + TOKEN_LIFETIME,
        )
        return row, secret

    @classmethod
    def use(cls, secret: str, now: datetime) -> "User | None":
        """The customer, once."""
        digest = hash_secret(secret)
        unused = cls.objects.filter(digest=digest, used_at=None, expires_at__gt=now)
        if not unused.update(used_at=now):
            return None
        return cls.objects.select_related("customer").get(digest=digest).customer

    @classmethod
    def find_customer(cls, secret: str) -> "User | None":
        """Whose it is or was, for whoever is this customer already."""
        rows = cls.objects.select_related("customer")
        row = rows.filter(digest=hash_secret(secret)).first()
        return row.customer if row is not None else None


class EmbedStep(models.TextChoices):
    """How far a shopper went, in order."""

    SHOWN = "shown", _("Button shown")
    OPENED = "opened", _("Opened")
    PHOTO = "photo", _("Photo added")
    TRIED = "tried", _("Tried on")
    READY = "ready", _("Picture ready")
    BASKET = "basket", _("Into the basket")


class EmbedCount(models.Model):
    """How often something happened on a day, by the shop's page and garment.

    Whose it was is not kept, so it outlives people and their pictures.
    """

    day = models.DateField(_("day"))  # the shop's
    origin = models.CharField(_("shop's page"), max_length=255, blank=True)
    sku = models.CharField(_("SKU"), max_length=40, blank=True)
    step = models.CharField(_("step"), max_length=6, choices=EmbedStep)
    count = models.PositiveBigIntegerField(_("how often"), default=0)

    class Meta:
        verbose_name = _("count of the button")
        verbose_name_plural = _("counts of the button")
        constraints = [
            models.UniqueConstraint(
                fields=["day", "origin", "sku", "step"], name="embed_count_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.origin} {self.sku} {self.step}"

    @classmethod
    def add(
        cls, step: EmbedStep, *, origin: str, sku: str, now: datetime, count: int = 1
    ) -> None:
        key: dict[str, Any] = {
            "day": timezone.localdate(now, timezone.get_default_timezone()),
            "origin": origin,
            "sku": sku,
            "step": step,
        }
        row = cls.objects.filter(**key)
        if not row.update(count=F("count") + count):
            cls.objects.get_or_create(**key)
            row.update(count=F("count") + count)
