"""What the shop's programs are told of: an outbox, written with what it tells of."""

import secrets
import uuid
from base64 import b64encode
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from .accounts import User
from .sealed import SealedText

if TYPE_CHECKING:
    from .try_on import TryOn
    from .uploads import Garment


class EventType(models.TextChoices):
    TRY_ON_COMPLETED = "try_on.completed", _("A picture is ready")
    TRY_ON_FAILED = "try_on.failed", _("A try-on failed")
    TRY_ON_CANCELED = "try_on.canceled", _("A try-on was cancelled")
    TRY_ON_UNCONFIRMED = "try_on.unconfirmed", _("It is not sure that one arrived")
    RESULT_HIDDEN = "result.hidden", _("A picture was taken down")
    RESULT_RELEASED = "result.released", _("A picture was released")
    GARMENT_CHANGED = "garment.changed", _("A piece of the catalogue changed")
    CUSTOMER_DELETED = "customer.deleted", _("A customer was deleted")
    TEST = "test", _("Test")


def new_secret() -> str:
    """As Standard Webhooks writes it: `whsec_` and 32 bytes in base64."""
    return f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def active(self) -> Self:
        return self.filter(stopped_at=None)

    def without_secrets(self) -> Self:
        """For what is asked often: each secret that is read is unsealed."""
        return self.defer("secret", "old_secret")

    def stopped_by_itself(self) -> Self:
        """What staff did not stop, and should know of."""
        rows = self.filter(stopped_at__isnull=False)
        return rows.exclude(stop_reason=WebhookEndpoint.Stop.BY_HAND)


class WebhookEndpoint(models.Model):
    """An address of the shop's, and which events it is told of."""

    class Stop(models.TextChoices):
        """Why nothing is sent there any more."""

        BY_HAND = "by_hand", _("Stopped by hand")
        GONE = "gone", _("It answered 410: it wants no more")
        SILENT = "silent", _("Five days without a success")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    url = models.CharField(_("address"), max_length=500)
    events = models.JSONField(_("events"), default=list)
    secret = SealedText(default=new_secret, editable=False)
    # Both sign until then, so that the receiver can change over.
    old_secret = SealedText(blank=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), editable=False)
    stopped_at = models.DateTimeField(_("stopped"), null=True, editable=False)
    stop_reason = models.CharField(
        _("why it stopped"), max_length=10, choices=Stop, blank=True, editable=False
    )
    # The first failure since the last success.
    failing_since = models.DateTimeField(null=True, editable=False)
    told_at = models.DateTimeField(null=True, editable=False)  # staff, by a letter

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return self.url


class WebhookEvent(models.Model):
    """Something that happened. `facts`: what of it may be another by the time it is
    told. `body`: as it was first sent, the same for every attempt and endpoint."""

    type = models.CharField(_("event"), max_length=20, choices=EventType)
    object_id = models.CharField(max_length=140)
    facts = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    at = models.DateTimeField(_("happened"), db_index=True)

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")

    def __str__(self) -> str:
        return f"{self.type} {self.object_id}"


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def pending(self) -> Self:
        return self.filter(state=WebhookDelivery.State.PENDING)

    def due(self, now: datetime) -> Self:
        """The first of each object that waits, of endpoints that are not stopped."""
        free = Q(lease_until=None) | Q(lease_until__lte=now)
        rows = self.pending().filter(free, next_at__lte=now, endpoint__stopped_at=None)
        earlier = WebhookDelivery.objects.pending().filter(
            endpoint=OuterRef("endpoint"),
            subject=OuterRef("subject"),
            event__lt=OuterRef("event"),
        )
        return rows.exclude(Exists(earlier)).order_by("next_at", "event")


class WebhookDelivery(models.Model):
    """One event for one endpoint; its id is the `webhook-id` of every attempt."""

    class State(models.TextChoices):
        PENDING = "pending", _("waits")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(
        WebhookEndpoint, models.CASCADE, related_name="deliveries", db_index=False
    )
    event = models.ForeignKey(WebhookEvent, models.CASCADE, related_name="deliveries")
    created_at = models.DateTimeField(_("happened"))
    # What it is about: the same object's events come one after the other.
    subject = models.CharField(max_length=150, editable=False)
    state = models.CharField(
        _("state"), max_length=9, choices=State, default=State.PENDING
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"))
    claim = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    last_at = models.DateTimeField(_("last attempt"), null=True)
    status = models.PositiveIntegerField(_("answer"), null=True)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), null=True)
    answer = models.TextField(_("beginning of the answer"), blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "event"], name="webhook_told_once"
            )
        ]
        indexes = [
            # What is due of one endpoint, in the order it is sent.
            models.Index(
                fields=["endpoint", "next_at", "event"],
                name="webhook_due_in_order",
                condition=Q(state="pending"),
            ),
            models.Index(
                fields=["endpoint", "subject", "event"],
                name="webhook_in_order",
                condition=Q(state="pending"),
            ),
            models.Index(
                fields=["endpoint", "-created_at", "-id"],
                name="webhook_endpoint_newest",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


def record_event(
    type: EventType,
    *,
    subject: str,
    object_id: object,
    now: datetime,
    only_to: WebhookEndpoint | None = None,
    **facts: object,
) -> None:
    """Within the transaction of the change it tells of.

    Nothing is kept that nobody has asked for.
    """
    endpoints = [only_to] if only_to is not None else _find_endpoints(type)
    if not endpoints:
        return
    event = WebhookEvent.objects.create(
        type=type, object_id=str(object_id), facts=facts, at=now
    )
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            endpoint=endpoint,
            event=event,
            subject=subject,
            created_at=now,
            next_at=now,
        )
        for endpoint in endpoints
    )


def record_try_on_event(
    type: EventType, try_on: "TryOn", status: str, now: datetime
) -> None:
    """`status`: that it has from now on.

    Of those whom the shop's programs have named: other customers are not theirs."""
    if not _find_endpoints(type):
        return
    owner = User.objects.of_the_api().filter(pk=try_on.owner_id).first()
    if owner is not None:
        record_event(
            type,
            subject=f"try_on:{try_on.pk}",
            object_id=try_on.pk,
            now=now,
            status=status,
            customer=owner.external_id or None,
        )


def record_garment_event(garment: "Garment", now: datetime) -> None:
    """Of the catalogue; what customers upload is nobody else's."""
    if garment.owner_id is None:
        record_event(
            EventType.GARMENT_CHANGED,
            subject=f"garment:{garment.pk}",
            object_id=garment.pk,
            now=now,
            sku=garment.sku or None,
        )


def _find_endpoints(type: EventType) -> list[WebhookEndpoint]:
    """Those that are stopped too, so that they hear of it when they go on; but not
    those that want no more."""
    rows = WebhookEndpoint.objects.exclude(stop_reason=WebhookEndpoint.Stop.GONE)
    rows = rows.without_secrets()
    return [endpoint for endpoint in rows if type in endpoint.events]
