"""Threads of their own that deliver, so that an endpoint which hangs holds up neither
try-ons nor other endpoints."""

import logging
import threading
import uuid
from collections import Counter
from datetime import datetime, timedelta

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
        """Start what is due and has room; called each second, and costs a query, and
        one for each endpoint."""
        if self._ends.is_set():
            return
        now = timezone.now()
        dead = now - timedelta(seconds=delivering.scale(DEAD))
        for endpoint in _find_endpoints():
            if delivering.is_silent(endpoint, now):
                delivering.stop_silent(now)
                continue
            since = endpoint.failing_since
            most = 1 if since is not None and since < dead else AT_ONCE
            for _lane in range(_count_due(endpoint, now, most)):
                if not self._start(endpoint.pk, most):
                    break

    def end(self) -> None:
        """No new attempts; what is under way is sent again by another worker, if this
        one ends before its answer."""
        self._ends.set()

    def _start(self, endpoint_id: uuid.UUID, most: int) -> bool:
        with self._lock:
            mine, all_of_them = self._lanes[endpoint_id], self._lanes.total()
            # A second lane only where there is room for the first one of many others.
            room = MOST // 2 if mine else MOST
            if mine >= most or all_of_them >= room:
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


def _find_endpoints() -> list[WebhookEndpoint]:
    """Those that answer before those that fail, which may take all the room; and else
    by chance, so that none is always the last."""
    rows = WebhookEndpoint.objects.active().without_secrets().order_by("?")
    return sorted(rows, key=lambda endpoint: endpoint.failing_since is not None)


def _count_due(endpoint: WebhookEndpoint, now: datetime, most: int) -> int:
    due = WebhookDelivery.objects.due(now).filter(endpoint=endpoint)
    return due.order_by()[:most].count()
