"""Keys that the shop's own programs show: to its REST API, never to Miragic's."""

import hashlib
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.sql import UpdateQuery
from django.utils.translation import gettext_lazy as _

from .token_bucket import take_token

PREFIX = 8  # characters that tell a key from others
SEEN_EVERY = timedelta(minutes=1)


class Scope(models.TextChoices):
    """What a key may be used for."""

    TRY_ONS = "try-ons", _("Photos and try-ons")
    CATALOGUE = "catalogue", _("The catalogue")
    CUSTOMERS = "customers", _("Customers")
    WEBHOOKS = "webhooks", _("Webhooks")


def hash_secret(secret: str) -> str:
    """It is random and long: a plain hash of it cannot be guessed."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


class ShopKeyQuerySet(models.QuerySet["ShopKey"]):
    def valid(self, now: datetime) -> Self:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)

    def use(self, *, most: int, now: datetime) -> "ShopKey | None":
        """The one key of these rows, if it is valid and `most` a minute are not passed.

        One statement: it counts the request, keeps its time, and gives the row.
        """
        taking = take_token(most=most, seconds=60, now=now)
        query = self.valid(now).filter(taking.may).query.chain(UpdateQuery)
        seen = Case(
            When(last_used_at__gt=now - SEEN_EVERY, then=F("last_used_at")),
            default=Value(now),
        )
        changes = {"full_at": taking.full_at, "last_used_at": seen}
        query.add_update_values(changes)  # type: ignore[attr-defined]
        sql, params = query.get_compiler(self.db).as_sql()
        rows = list(self.model.objects.raw(f"{sql} RETURNING *", params))
        return rows[0] if rows else None


class ShopKey(models.Model):
    """Shown once, when it is made; here it is only known by its hash."""

    label = models.CharField(_("label"), max_length=80)
    prefix = models.CharField(_("begins with"), max_length=PREFIX, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    created_at = models.DateTimeField(_("created"), editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    # As in `TokenBucket`: so that a request is counted while its key is looked up.
    full_at = models.FloatField(default=0, editable=False)

    objects = ShopKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("shop key")
        verbose_name_plural = _("shop keys")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.label} ({self.prefix}…)"

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now
