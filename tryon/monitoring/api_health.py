"""The API's health in figures, for the staff's page. Rules stay where they are."""

from collections import Counter
from datetime import datetime, timedelta
from typing import TypedDict

from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import ApiRequest, Key, Planner, Status, TryOn
from ..models.ledger import Outcome
from ..models.states import FailureCode
from ..pipeline import budget
from ..pipeline.durations import current_forecasts, newest_durations
from ..pipeline.forecast import HISTORY
from ..pipeline.outcomes import ODD_WORD
from ..pipeline.timing import timing
from ..presentation.texts import Text
from . import status

MINUTES = 60
SLOTS = 60  # cells drawn a key, whatever the limit


class KeyCard(TypedDict):
    key: Key
    state: str
    is_well: bool
    room: int
    limit: int
    cells: list[str]  # held, cooling, free
    sent: int
    refused: int
    last_429: ApiRequest | None
    strict: bool


class Figures(TypedDict):
    """Times in seconds."""

    queued: int | None
    in_flight: int | None
    oldest: float | None
    last_tick: float | None
    wait: float | None
    unseen: float | None
    made: int


class Bar(TypedDict):
    x: int
    y: float
    height: float
    n: int


class Chart(TypedDict):
    bars: list[Bar]
    limit: int
    limit_y: float
    most: int


class Failures(TypedDict):
    label: Text
    n: int


class Durations(TypedDict):
    mode: Text
    p50: float
    p95: float
    true: float | None
    n: int


class Overview(TypedDict):
    """What the page about the API's health shows."""

    now: datetime
    problems: list[str]
    paused_at: datetime | None
    keys: list[KeyCard]
    figures: Figures
    chart: Chart
    failures: list[Failures]
    durations: list[Durations]
    latest: QuerySet[ApiRequest]


def overview(now: datetime) -> Overview:
    """A dozen queries, however long the queue."""
    keys = budget.known_keys(now)
    report = status.summary(now)
    planner = Planner.objects.first()
    hour = now - timedelta(minutes=MINUTES)
    return {
        "now": now,
        "problems": [*report["problems"], *odd_words(keys, hour)],
        "paused_at": planner.submits_paused_at if planner else None,
        "keys": key_cards(keys, now, hour),
        "figures": figures(now, hour, report),
        "chart": chart(keys, now, hour),
        "failures": failures(hour),
        "durations": durations(),
        "latest": ApiRequest.objects.select_related("key", "try_on").order_by("-pk")[
            :20
        ],
    }


def odd_words(keys: list[Key], hour: datetime) -> list[str]:
    """What the API called the end in the last hour, if its documentation does not."""
    recent = ApiRequest.objects.answered_since(hour, [key.pk for key in keys])
    odd = recent.filter(outcome=Outcome.COMPLETED, detail__startswith=ODD_WORD)
    return sorted(set(odd.values_list("detail", flat=True)[:SLOTS]))


def key_cards(keys: list[Key], now: datetime, hour: datetime) -> list[KeyCard]:
    taken = budget.slots_taken([key.pk for key in keys], now)
    return [key_card(key, taken[key.pk], now, hour) for key in keys]


def key_card(key: Key, slots: budget.Slots, now: datetime, hour: datetime) -> KeyCard:
    limit = timing().limit
    counted = ApiRequest.objects.answered_since(hour, [key.pk]).aggregate(
        sent=Count("id"), refused=Count("id", filter=Q(outcome=Outcome.RATE_LIMITED))
    )
    too_many = ApiRequest.objects.filter(key=key, outcome=Outcome.RATE_LIMITED)
    last_429 = too_many.order_by("-planned_at").first()
    cells = ["held"] * slots.held + ["cooling"] * len(slots.frees_at)
    return {
        "key": key,
        "state": status.state_of(key, now),
        "is_well": key.is_open(now) and key.may_submit(now),
        "room": limit - slots.taken,
        "limit": limit,
        "cells": (cells + ["free"] * SLOTS)[:SLOTS],
        "sent": counted["sent"],
        "refused": counted["refused"],
        "last_429": last_429,
        "strict": key.strict_until is not None and key.strict_until > now,
    }


def figures(now: datetime, hour: datetime, report: status.Report) -> Figures:
    """In line, oldest, and the seconds lost on the way to the API and back."""
    # With a duration, as all that the API has answered: the index has no others.
    done = TryOn.objects.filter(
        answered_at__gt=hour,
        duration_seconds__isnull=False,
        submitted_at__isnull=False,
    )
    waits, unseen = [], []
    rows = done.order_by("-answered_at").values_list(
        "pk", "created_at", "submitted_at", "answered_at", "duration_seconds"
    )[:1000]
    sends = ApiRequest.objects.filter(try_on__in=[row[0] for row in rows])
    first_sent = dict(sends.values_list("try_on").annotate(at=Min("sent_at")))
    for pk, created, submitted, answered, lasted in rows:
        sent = first_sent.get(pk)
        if sent is not None:
            waits.append((sent - created).total_seconds())
        if lasted is not None and answered is not None and submitted is not None:
            unseen.append((answered - submitted).total_seconds() - lasted)
    return {
        "queued": report["states"][Status.QUEUED],
        "in_flight": report["states"][Status.PROCESSING],
        "oldest": report["oldest_queued_seconds"],
        "last_tick": report["last_tick_seconds"],
        "wait": find_median(waits),
        "unseen": find_median(unseen),
        "made": len(unseen),
    }


def find_median(values: list[float]) -> float | None:
    return sorted(values)[len(values) // 2] if values else None


def chart(keys: list[Key], now: datetime, hour: datetime) -> Chart:
    """Requests sent in each of the last 60 minutes, as bars in a 600 × 120 drawing."""
    recent = ApiRequest.objects.answered_since(hour, [key.pk for key in keys])
    sent = recent.values_list("sent_at", flat=True)
    counts = Counter(int((now - at).total_seconds() // 60) for at in sent if at)
    limit = timing().limit * max(len(keys), 1)
    most = max([limit, *counts.values()])
    bars: list[Bar] = []
    for minute in range(MINUTES):
        count = counts.get(MINUTES - 1 - minute, 0)
        height = round(count / most * 110, 1)
        bars.append({"x": minute * 10, "y": 120 - height, "height": height, "n": count})
    return {
        "bars": bars,
        "limit": limit,
        "limit_y": round(120 - limit / most * 110, 1),
        "most": max(counts.values(), default=0),
    }


def failures(hour: datetime) -> list[Failures]:
    day = hour - timedelta(hours=23)
    counted = (
        TryOn.objects.filter(finished_at__gt=day, status=Status.FAILED)
        .values("failure_code")
        .annotate(n=Count("id"))
        .order_by("-n")
    )
    return [
        {"label": FailureCode(row["failure_code"]).label, "n": row["n"]}
        for row in counted
    ]


def durations() -> list[Durations]:
    """Forecast beside true, by mode."""
    cards: list[Durations] = []
    newest = newest_durations()
    for mode, forecast in current_forecasts().items():
        true = [seconds for of, seconds in newest if of == mode][:HISTORY]
        cards.append(
            {
                "mode": TryOn.Mode(mode).label,
                "p50": forecast.quantile(0.5),
                "p95": forecast.quantile(0.95),
                "true": find_median(true),
                "n": len(true),
            }
        )
    return cards


def summarise(figures: Overview) -> str:
    """One sentence on top: whether all is well."""
    if figures["paused_at"]:
        return _("Submissions are paused by staff. What waits keeps its place.")
    if figures["problems"]:
        return figures["problems"][0]
    n = len(figures["keys"])
    well = ngettext(
        "All is well. The key is working.",
        "All is well. All %(n)d keys are working.",
        n,
    )
    return well % {"n": n}
