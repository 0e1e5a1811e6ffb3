"""Addresses that the shop's programs are told at: made, changed, tried, told again."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import transaction

from ..models import EventType, WebhookDelivery, WebhookEndpoint
from ..models.webhooks import WebhookDeliveryQuerySet, new_secret, record_event
from .own_machine import is_own_machine

OVERLAP = timedelta(hours=24)  # in which the old secret signs too
CHANGED = ["url", "events", "stopped_at", "stop_reason", "failing_since", "told_at"]


class WebhookError(Exception):
    """It cannot be so; the message is a sentence for `field`."""

    def __init__(self, sentence: str, field: str = "url"):
        super().__init__(sentence)
        self.field = field


def check_url(url: str) -> None:
    """Raises `WebhookError`. Where it leads is checked at each delivery."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise WebhookError("That is no address: https://…") from None
    if not host or parts.scheme not in ("http", "https") or not url.isprintable():
        raise WebhookError("That is no address: https://…")
    if " " in url or not host.isascii():
        raise WebhookError("Write it as it is sent: no blanks, the host in ASCII.")
    if parts.username is not None or parts.password is not None:
        raise WebhookError("No name or password in it: the signature says who sent it.")
    if parts.scheme != "https" and not is_own_machine(url):
        raise WebhookError("Only https: what is sent is about people.")


def create_endpoint(
    *, url: str, events: Iterable[str], now: datetime
) -> WebhookEndpoint:
    """Its `secret` is to be shown once. Raises `WebhookError`."""
    check_url(url)
    return WebhookEndpoint.objects.create(url=url, events=_sort(events), created_at=now)


def change_endpoint(
    *,
    endpoint: WebhookEndpoint,
    now: datetime,
    url: str = "",
    events: Iterable[str] = (),
    active: bool | None = None,
) -> None:
    """What is not given stays. Raises `WebhookError`, and `DoesNotExist` if somebody
    has just deleted it."""
    if url:
        check_url(url)
    with transaction.atomic():
        # As it is by now: somebody may just have changed its secret, or deleted it.
        endpoint.refresh_from_db(
            from_queryset=WebhookEndpoint.objects.select_for_update()
        )
        endpoint.url = url or endpoint.url
        endpoint.events = _sort(events) or endpoint.events
        if active is True and endpoint.stopped_at is not None:
            _go_on(endpoint, now)
        elif active is False and endpoint.stopped_at is None:
            endpoint.stopped_at = now
            endpoint.stop_reason = WebhookEndpoint.Stop.BY_HAND
        endpoint.save(update_fields=CHANGED)


def _go_on(endpoint: WebhookEndpoint, now: datetime) -> None:
    """What waits is sent at once: it was put off while nobody answered."""
    endpoint.stopped_at, endpoint.stop_reason = None, ""
    endpoint.failing_since = endpoint.told_at = None
    endpoint.deliveries.pending().update(next_at=now)


def _sort(events: Iterable[str]) -> list[str]:
    return [str(type) for type in EventType if type in set(events)]


def rotate_secret(*, endpoint: WebhookEndpoint, now: datetime) -> str:
    """The new one, to be shown once; for a day both sign."""
    with transaction.atomic():
        row = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        secret = new_secret()
        row.old_secret, row.secret = row.secret, secret
        row.old_secret_until = now + OVERLAP
        row.save(update_fields=["old_secret", "secret", "old_secret_until"])
    return secret


def seal_secrets() -> None:
    """Under today's SECRET_KEY, so that an earlier one can be forgotten; also those of
    before they were sealed. What cannot be read stays as it is."""
    for pk in WebhookEndpoint.objects.values_list("pk", flat=True):
        with transaction.atomic():
            row = WebhookEndpoint.objects.select_for_update().filter(pk=pk).first()
            if row is not None and row.secret:
                row.save(update_fields=["secret", "old_secret"])


def send_test(*, endpoint: WebhookEndpoint, now: datetime) -> None:
    """An event `test`, to this endpoint alone, whatever it is told of."""
    with transaction.atomic():
        record_event(
            EventType.TEST,
            subject=f"test:{uuid.uuid4()}",  # it waits for no earlier one
            object_id=endpoint.pk,
            now=now,
            only_to=endpoint,
        )


def deliver_again(*, delivery: WebhookDelivery, now: datetime) -> None:
    """Once more from the first attempt, under the same `webhook-id`."""
    _put_back(WebhookDelivery.objects.filter(pk=delivery.pk), now)


def deliver_all_since(
    *, endpoint: WebhookEndpoint, since: datetime, now: datetime
) -> int:
    """All that happened since, delivered or not: how many."""
    return _put_back(endpoint.deliveries.filter(created_at__gte=since), now)


def _put_back(rows: WebhookDeliveryQuerySet, now: datetime) -> int:
    return rows.update(
        state=WebhookDelivery.State.PENDING,
        attempts=0,
        next_at=now,
        claim=None,
        lease_until=None,
    )
