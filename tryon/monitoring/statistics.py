"""What staff want to know of the last weeks: figures, a series a day, a CSV.

A period of so many days begins at a local midnight and ends with today. Whatever is
asked is of the period alone, so that it costs as much in a shop of many years.
"""

import csv
import io
import uuid
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import TypedDict

from django.conf import settings
from django.db.models import Aggregate, Count, Q, Sum
from django.db.models.functions import TruncDate

from ..models import (
    ApiRequest,
    FailureCode,
    Garment,
    Key,
    RequestTally,
    Result,
    Source,
    Status,
    TryOn,
    User,
)
from ..models.ledger import Outcome
from ..models.states import ReviewState
from ..models.try_on_queries import TryOnQuerySet
from ..models.uploads import GarmentQuerySet
from ..web import local_days as calendar

BAD_SHARE = 0.5  # of a garment's tries that failed, from which its picture is to blame
FEW = 3  # tries that say nothing yet
MOST = 200  # pieces on one page
SIDES = ("garment", "bottom_garment")
FLAGGED = Q(flagged_at__isnull=False) | Q(review_state=ReviewState.HIDDEN)
TRIES = Count("pk")
HEALTH = {
    "failed": Count("pk", Q(status=Status.FAILED)),
    "timed": Count("duration_seconds"),
    "seconds": Sum("duration_seconds", default=0.0),
}


class Day(TypedDict):
    day: date
    tries: int
    done: int
    failed: int


class Durations(TypedDict):
    p50: float | None
    p95: float | None


class Overview(TypedDict):
    """What the page about the last weeks shows."""

    days: int
    tries: int
    success: int | None  # percent
    requests: int
    credits: int
    cost: float | None
    by_day: list[Day]
    durations: Durations
    failures: list[tuple[str, int]]
    sources: list[tuple[str, int]]
    garments: list[Garment]


class GarmentHealth(TypedDict):
    garment: Garment
    tries: int
    failed: int
    flags: int
    hearts: int
    seconds: float | None
    share: int  # percent
    bad: int
    replace: bool  # its picture is to blame


def overview(now: datetime, days: int) -> Overview:
    rows = _made_in(now, days)
    by_day = tries_by_day(now, days)
    done = sum(row["done"] for row in by_day)
    failed = sum(row["failed"] for row in by_day)
    sent, accepted = _requests(now, days)
    return {
        "days": days,
        "tries": sum(row["tries"] for row in by_day),
        "success": round(100 * done / (done + failed)) if done + failed else None,
        "requests": sent,
        "credits": accepted,
        "cost": accepted * settings.MIRAGIC_CREDIT_PRICE
        if settings.MIRAGIC_CREDIT_PRICE
        else None,
        "by_day": by_day,
        "durations": durations(rows, calendar.find_begin(now, days)),
        "failures": failures(rows),
        "sources": sources(rows),
        "garments": most_tried(rows),
    }


def _made_in(now: datetime, days: int) -> TryOnQuerySet:
    """Until the end of today: what is made while a page is built has its day too."""
    today = calendar.list_last_days(now, 1)[0]
    return TryOn.objects.filter(
        created_at__gte=calendar.find_begin(now, days),
        created_at__lt=calendar.find_midnight(today + timedelta(days=1)),
    )


def _requests(now: datetime, days: int) -> tuple[int, int]:
    """How many were answered, and how many of them took a job.

    Those that left the ledger are tallied by the hour.
    """
    begin = calendar.find_begin(now, days)
    keys = Key.objects.values_list("pk", flat=True)
    accepted = Q(kind=ApiRequest.Kind.SUBMIT, outcome=Outcome.ACCEPTED)
    rows = ApiRequest.objects.answered_since(begin, keys)
    listed = rows.aggregate(sent=Count("pk"), accepted=Count("pk", accepted))
    tallies = RequestTally.objects.filter(hour__gte=begin).exclude(outcome=Outcome.VOID)
    tallied = tallies.aggregate(
        sent=Sum("count", default=0), accepted=Sum("count", filter=accepted, default=0)
    )
    return listed["sent"] + tallied["sent"], listed["accepted"] + tallied["accepted"]


def tries_by_day(now: datetime, days: int) -> list[Day]:
    """Every day of the period, also those without a try."""
    counted = {
        row["day"]: row
        for row in _made_in(now, days)
        .annotate(day=TruncDate("created_at"))
        .values("day")
        .annotate(
            tries=Count("pk"),
            done=Count("pk", Q(status=Status.COMPLETED)),
            failed=Count("pk", Q(status=Status.FAILED)),
        )
        .order_by()
    }
    empty = {"tries": 0, "done": 0, "failed": 0}
    by_day: list[Day] = []
    for day in calendar.list_last_days(now, days):
        row = counted.get(day, empty)
        by_day.append(
            {
                "day": day,
                "tries": row["tries"],
                "done": row["done"],
                "failed": row["failed"],
            }
        )
    return by_day


def durations(rows: TryOnQuerySet, since: datetime) -> Durations:
    # Nothing is answered before it was asked: the index is read no further back.
    answered = rows.filter(duration_seconds__isnull=False, answered_at__gte=since)
    newest = answered.order_by("-answered_at").values_list("duration_seconds")[:2000]
    known = sorted(seconds for (seconds,) in newest if seconds is not None)
    if not known:
        return {"p50": None, "p95": None}
    return {"p50": known[len(known) // 2], "p95": known[int(len(known) * 0.95)]}


def failures(rows: TryOnQuerySet) -> list[tuple[str, int]]:
    counted = rows.filter(status=Status.FAILED).values_list("failure_code")
    return [
        (str(FailureCode(code).label), n)
        for code, n in counted.annotate(n=Count("pk")).order_by("-n", "failure_code")
    ]


def sources(rows: TryOnQuerySet) -> list[tuple[str, int]]:
    """Where they were asked for."""
    counted = dict(rows.values_list("source").annotate(n=Count("pk")).order_by())
    return [(str(label), counted.get(value, 0)) for value, label in Source.choices]


def most_tried(rows: TryOnQuerySet) -> list[Garment]:
    tallies = _by_piece(rows, tries=TRIES)
    counts = {pk: tally["tries"] for pk, tally in tallies.items()}
    pieces = sorted(counts, key=lambda pk: (-counts[pk], pk))
    garments = _first(pieces, Garment.objects.filter(owner=None), 10)
    for garment in garments:
        garment.n = counts[garment.pk]  # type: ignore[attr-defined]
    return sorted(garments, key=lambda garment: (-counts[garment.pk], garment.sku))


def garment_health(now: datetime, days: int) -> list[GarmentHealth]:
    """Each piece of the catalogue that was tried in the period, the worst first.

    No further back: what was tried on with a picture that is long replaced says
    nothing of the one that is there.
    """
    rows = _made_in(now, days)
    figures = _by_piece(rows, tries=TRIES, **HEALTH)
    # The few, by when they came: joined to every try, all results ever would be read.
    results = Result.objects.filter(
        FLAGGED, created_at__gte=calendar.find_begin(now, days)
    )
    flagged = rows.filter(pk__in=list(results.values_list("try_on", flat=True)))
    for pk, tallies in _by_piece(flagged, flags=TRIES).items():
        figures[pk].update(tallies)
    worst = sorted(figures, key=lambda pk: _order(figures[pk]))
    garments = _first(worst, Garment.objects.catalogue(), MOST)
    hearts = _hearts([garment.pk for garment in garments])
    return [
        _assess(garment, figures[garment.pk], hearts.get(garment.pk, 0))
        for garment in garments
    ]


def _by_piece(
    rows: TryOnQuerySet, **figures: Aggregate
) -> dict[uuid.UUID, Counter[str]]:
    """What was counted of each, tops and bottoms alike: both were tried on."""
    figures_of: dict[uuid.UUID, Counter[str]] = defaultdict(Counter)
    for row in rows.values(*SIDES).annotate(**figures).order_by():
        for pk in {row[side] for side in SIDES} - {None}:
            figures_of[pk].update({name: row[name] for name in figures})
    return figures_of


def _first(
    pieces: list[uuid.UUID], garments: GarmentQuerySet, most: int
) -> list[Garment]:
    """The first of `pieces` that are among `garments`, asked for a few at a time."""
    matches: list[Garment] = []
    for start in range(0, len(pieces), MOST):
        some = pieces[start : start + MOST]
        rows = garments.in_bulk(some)
        matches += [rows[pk] for pk in some if pk in rows]
        if len(matches) >= most:
            break
    return matches[:most]


def _share(figures: Counter[str]) -> int:
    return round(100 * (figures["failed"] + figures["flags"]) / figures["tries"])


def _order(figures: Counter[str]) -> tuple[int, int]:
    return -_share(figures), -figures["tries"]


def _hearts(garments: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    fans = User.favourite_garments.through._default_manager
    rows = fans.filter(garment__in=garments).values_list("garment")
    return dict(rows.annotate(n=Count("pk")).order_by())


def _assess(garment: Garment, figures: Counter[str], hearts: int) -> GarmentHealth:
    tries, bad = figures["tries"], figures["failed"] + figures["flags"]
    timed = figures["timed"]
    return {
        "garment": garment,
        "tries": tries,
        "failed": figures["failed"],
        "flags": figures["flags"],
        "hearts": hearts,
        "seconds": figures["seconds"] / timed if timed else None,
        "share": _share(figures),
        "bad": bad,
        "replace": tries >= FEW and bad / tries >= BAD_SHARE,
    }


def as_csv(now: datetime, days: int) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["day", "tries", "completed", "failed"])
    for row in tries_by_day(now, days):
        writer.writerow([row["day"], row["tries"], row["done"], row["failed"]])
    return out.getvalue()
