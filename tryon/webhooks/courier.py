"""Threads of their own that deliver, so that an endpoint which hangs holds up neither
try-ons nor other endpoints."""

import logging
import threading
import uuid
from collections import Counter
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from ..models import WebhookDelivery, WebhookEndpoint
from . import delivering
from .delivering import Render

MOST = 32  # threads in one process
AT_ONCE = 4  # of one endpoint, and one of an endpoint that only fails
DEAD = 300  # seconds without a success

logger = logging.getLogger(__name__)


class Courier:
    """`render` makes an event's body when it is first sent."""

    def __init__(self, render: Render):
        self._render = render
        self._lock = threading.Lock()
        self._lanes: Counter[uuid.UUID] = Counter()
        self._ends = threading.Event()

    def ask(self) -> None:
        """Start what is due and has room; called each second, and costs one query."""
        if self._ends.is_set():
            return
        dead = timezone.now() - timedelta(seconds=delivering.scale(DEAD))
        for endpoint, waiting in self._find_waiting():
            since = endpoint.failing_since
            most = 1 if since is not None and since < dead else AT_ONCE
            for _lane in range(min(most, waiting)):
                if not self._start(endpoint.pk, most):
                    break

    def end(self) -> None:
        """No new attempts; what is under way is sent again by another worker, if this
        one ends before its answer."""
        self._ends.set()

    def _find_waiting(self) -> list[tuple[WebhookEndpoint, int]]:
        """Endpoints with how many of theirs are due, counted no further than of use."""
        due = WebhookDelivery.objects.due(timezone.now()).order_by()
        if not due.exists():
            return []
        waiting = (
            (endpoint, due.filter(endpoint=endpoint)[:AT_ONCE].count())
            for endpoint in WebhookEndpoint.objects.active()
        )
        return [(endpoint, count) for endpoint, count in waiting if count]

    def _start(self, endpoint_id: uuid.UUID, most: int) -> bool:
        with self._lock:
            full = self._lanes.total() >= MOST or self._lanes[endpoint_id] >= most
            if full:
                return False
            self._lanes[endpoint_id] += 1
        lane = threading.Thread(
            target=self._deliver, args=(endpoint_id,), name="webhook", daemon=True
        )
        lane.start()
        return True

    def _deliver(self, endpoint_id: uuid.UUID) -> None:
        """One after the other, until nothing is due there or it fails."""
        try:
            while not self._ends.is_set():
                delivery = delivering.claim_next(endpoint_id, timezone.now())
                if delivery is None or not delivering.attempt(delivery, self._render):
                    return
        finally:
            with self._lock:
                self._lanes[endpoint_id] -= 1
                self._lanes += Counter()  # without those that are none
            connection.close()
