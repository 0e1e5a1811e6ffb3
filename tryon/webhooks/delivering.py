"""One attempt at a delivery: claimed, sent, and what its answer does."""

import random
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import requests
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from ..miragic.transport import BROKEN, Exchange
from ..models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from ..services import webhooks
from ..services.own_machine import is_own_machine
from . import signing

State, Stop = WebhookDelivery.State, WebhookEndpoint.Stop
MINUTE, HOUR = 60, 3600
DEADLINE, SHORTEST = 15.0, 2.0  # seconds over all of an attempt
GRACE = 5.0  # after it, before another worker may try
# Seconds after each failed attempt (Standard Webhooks' own example), with jitter.
WAITS = (5, 5 * MINUTE, 30 * MINUTE, *(h * HOUR for h in (2, 5, 10, 14, 20, 24)))
JITTER = 0.1
GIVE_UP = 5 * 24 * HOUR  # seconds without a success that stop an endpoint
MOST_READ, MOST_KEPT = 64 * 1024, 1024  # bytes of an answer
AGENT = "FittingRoom/1.0 (webhooks)"

Render = Callable[[WebhookEvent], str]


@dataclass(frozen=True)
class Answer:
    """`status` None: none came; then `text` says why."""

    status: int | None
    text: str
    milliseconds: int

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def scale(seconds: float) -> float:
    """Wall time: `MIRAGIC_TIME_SCALE` divides these durations too."""
    return seconds / settings.MIRAGIC_TIME_SCALE


def find_deadline() -> float:
    return max(scale(DEADLINE), SHORTEST)


def claim_next(endpoint_id: uuid.UUID, now: datetime) -> WebhookDelivery | None:
    """The next that is due there, ours for as long as an attempt may take."""
    due = WebhookDelivery.objects.due(now).filter(endpoint=endpoint_id)
    lease = timedelta(seconds=find_deadline() + GRACE)
    for delivery in due.select_related("endpoint", "event")[:8]:
        # Also as far as it is planned: another may just have claimed it and failed.
        mine = WebhookDelivery.objects.pending().filter(
            pk=delivery.pk, claim=delivery.claim, next_at=delivery.next_at
        )
        claim = uuid.uuid4()
        if mine.update(claim=claim, lease_until=now + lease):
            delivery.claim = claim
            return delivery
    return None


def attempt(delivery: WebhookDelivery, render: Render) -> bool:
    """Send it once and write down what came of it; whether it arrived."""
    body = _find_body(delivery.event, render).encode()
    now = timezone.now()
    answer = _send(delivery, body, now)
    finish(delivery, answer, timezone.now())
    return answer.is_success


def _find_body(event: WebhookEvent, render: Render) -> str:
    """As it was first sent, whoever was first."""
    if not event.body:
        rows = WebhookEvent.objects.filter(pk=event.pk)
        rows.filter(body="").update(body=render(event))
        event.body = rows.values_list("body", flat=True).get()
    return event.body


def _send(delivery: WebhookDelivery, body: bytes, now: datetime) -> Answer:
    endpoint = delivery.endpoint
    secrets = signing.find_secrets(endpoint, now)
    if not secrets:
        return Answer(None, "Its secret cannot be read: change it. Not sent.", 0)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        "Accept-Encoding": "identity",
        **signing.build_headers(secrets, str(delivery.pk), now, body),
    }
    began = time.monotonic()
    public_only = not is_own_machine(endpoint.url)
    with Exchange(find_deadline(), public_only=public_only) as exchange:
        try:
            webhooks.check_url(endpoint.url)  # DEBUG may be off by now
            response = exchange.request(
                "POST", endpoint.url, headers=headers, data=body
            )
            status, text = response.status_code, _read(response)
        except webhooks.WebhookError as error:
            status, text = None, str(error)
        except BROKEN as error:
            status, text = None, _explain(exchange, error)
    return Answer(status, text, round((time.monotonic() - began) * 1000))


def _read(response: requests.Response) -> str:
    """Its beginning, as it comes. The status says it all: more than 64 KiB are not
    read, and a body that breaks off, or does not end in time, does not undo it."""
    read = b""
    with suppress(*BROKEN):
        for chunk in response.raw.stream(1024, decode_content=False):
            read += chunk
            if len(read) > MOST_READ:
                break
    kept = read[:MOST_KEPT].decode(errors="replace")
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in kept)


def _explain(exchange: Exchange, error: Exception) -> str:
    if exchange.forbidden:
        return "The address leads into a private network: nothing was sent."
    if exchange.expired:
        return f"No answer within {find_deadline():g} seconds."
    return f"No answer: {type(error).__name__}."


def finish(delivery: WebhookDelivery, answer: Answer, now: datetime) -> None:
    """Unless another worker has taken it over meanwhile."""
    attempts = delivery.attempts + 1
    state, next_at = State.PENDING, now
    if answer.is_success:
        state = State.DELIVERED
    elif attempts > len(WAITS):
        state = State.FAILED
    else:
        wait = WAITS[attempts - 1] * random.uniform(1, 1 + JITTER)  # noqa: S311
        next_at = now + timedelta(seconds=scale(wait))
    with transaction.atomic():
        mine = WebhookDelivery.objects.filter(pk=delivery.pk, claim=delivery.claim)
        kept = mine.update(
            state=state,
            attempts=attempts,
            next_at=next_at,
            claim=None,
            lease_until=None,
            last_at=now,
            status=answer.status,
            milliseconds=answer.milliseconds,
            answer=answer.text,
        )
        if kept:
            _judge(delivery.endpoint_id, answer, now)


def _judge(endpoint_id: uuid.UUID, answer: Answer, now: datetime) -> None:
    """One that wants no more, or was silent for five days, gets nothing more."""
    rows = WebhookEndpoint.objects.active().filter(pk=endpoint_id)
    if answer.is_success:
        rows.exclude(failing_since=None).update(failing_since=None)
        return
    rows.filter(failing_since=None).update(failing_since=now)
    if answer.status == 410:
        rows.update(stopped_at=now, stop_reason=Stop.GONE)
        return
    stop_silent(now)


def is_silent(endpoint: WebhookEndpoint, now: datetime) -> bool:
    since = endpoint.failing_since
    return since is not None and since <= _find_last_hope(now)


def stop_silent(now: datetime) -> None:
    """Also where nothing is due: the last attempt of an event is on the fourth day."""
    rows = WebhookEndpoint.objects.active().filter(
        failing_since__lte=_find_last_hope(now)
    )
    rows.update(stopped_at=now, stop_reason=Stop.SILENT)


def _find_last_hope(now: datetime) -> datetime:
    """Who failed then, and ever since, is given up."""
    return now - timedelta(seconds=scale(GIVE_UP))
