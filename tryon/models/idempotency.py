"""Answers of the REST API that are given again to a request that is repeated."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models

from .sealed import SealedText

KEPT = timedelta(hours=24)


class IdempotentRequestQuerySet(models.QuerySet["IdempotentRequest"]):
    def kept(self, now: datetime) -> Self:
        return self.filter(created_at__gt=now - KEPT)

    def forget(self, external_id: str) -> None:
        """Answers that tell of this customer. What is sent once more is done anew."""
        self.filter(customer=external_id).delete()


class IdempotentRequest(models.Model):
    """What came under an `Idempotency-Key`, and once it is done what was answered."""

    shop_key = models.ForeignKey("tryon.ShopKey", models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # of method, address and body
    created_at = models.DateTimeField(db_index=True)
    # Whoever works on it; another may take over from then on.
    claim = models.UUIDField()
    lease_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)  # None: at work
    headers = models.JSONField(default=dict)
    body = SealedText(blank=True)  # it may show a webhook's secret
    customer = models.CharField(max_length=128, blank=True, default="", db_default="")

    objects = IdempotentRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop_key", "key"], name="idempotent_request_once"
            )
        ]
        indexes = [models.Index(fields=["customer"], name="idempotent_of_customer")]

    def __str__(self) -> str:
        return self.key
