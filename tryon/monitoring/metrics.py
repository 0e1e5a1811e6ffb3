"""What Prometheus asks for: the database's figures, the same from every process.

How long pages take, by view, comes from django-prometheus and is each process's own.
"""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count
from prometheus_client import REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ..models import ApiRequest, Key
from ..models.ledger import KeyState, Outcome
from . import status

HOUR = timedelta(hours=1)
QUANTILES = (0.5, 0.95)
PREFIX = "fitting_room_"


class Figures(Collector):
    """Gauges only: rows are purged, so that nothing counted in them can only grow."""

    def __init__(self, now: datetime):
        self.now = now

    def collect(self) -> Iterator[Metric]:
        report = status.report(self.now)
        jobs = _gauge("try_ons", "Try-ons by state.", "state")
        for state, count in report["states"].items():
            jobs.add_metric([state], count or 0)
        yield jobs
        for name, text, value in (
            ("oldest_queued_seconds", "Waited.", report["oldest_queued_seconds"] or 0),
            (
                "last_tick_seconds",
                "Since a planning pass.",
                report["last_tick_seconds"],
            ),
            ("problems", "What `status` complains of.", len(report["problems"])),
        ):
            yield _gauge(name, text, value=math.inf if value is None else value)
        room = _gauge("key_room", "Requests a key may send now.", "key")
        works = _gauge("key_works", "1 if a key is in use.", "key", "state")
        for key in report["keys"]:
            room.add_metric([key["fingerprint"]], key["room"])
            well = key["state"] == KeyState.WORKING
            works.add_metric([key["fingerprint"], key["state"]], int(well))
        yield room
        yield works
        yield from self._api()

    def _api(self) -> Iterator[Metric]:
        """The last hour's requests to the API: what came of them, how long it took."""
        hour = self.now - HOUR
        keys = Key.objects.values_list("pk", flat=True)
        answered = ApiRequest.objects.answered_since(hour, keys)
        unsent = ApiRequest.objects.filter(outcome=Outcome.VOID, planned_at__gt=hour)
        outcomes = _gauge("api_requests_hour", "In the last hour.", "kind", "outcome")
        for rows in (answered, unsent):
            counted = rows.values_list("kind", "outcome").annotate(Count("pk"))
            for kind, outcome, count in counted:
                outcomes.add_metric([kind, outcome], count)
        yield outcomes
        took: dict[str, list[float]] = {kind: [] for kind in ApiRequest.Kind.values}
        answered = answered.exclude(outcome=Outcome.LOST)
        for request in answered.only("kind", "sent_at", "answered_at"):
            took[request.kind].append(request.seconds or 0)
        seconds = _gauge("api_seconds", "Of the last hour.", "kind", "quantile")
        for kind, values in took.items():
            for share in QUANTILES if values else ():
                value = sorted(values)[min(int(len(values) * share), len(values) - 1)]
                seconds.add_metric([kind, str(share)], value)
        yield seconds


def _gauge(
    name: str, text: str, *labels: str, value: float | None = None
) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, text, value, labels or None)


def page(now: datetime) -> bytes:
    """In Prometheus' text format."""
    ours = CollectorRegistry()
    ours.register(Figures(now))
    return generate_latest(ours) + generate_latest(REGISTRY)
