"""What staff want to know of the last weeks: figures, a series a day, a CSV."""

import csv
import io
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Avg, Count, Q
from django.db.models.functions import TruncDate

from .models import ApiRequest, FailureCode, Garment, Status, TryOn
from .models.result import ReviewState

BAD_SHARE = 0.5  # of a garment's tries that failed, from which its picture is to blame
FEW = 3  # tries that say nothing yet


def overview(now: datetime, days: int) -> dict[str, Any]:
    since = now - timedelta(days=days)
    rows = TryOn.objects.filter(created_at__gt=since)
    states = dict(rows.values_list("status").annotate(n=Count("pk")).order_by())
    done, failed = states.get(Status.COMPLETED, 0), states.get(Status.FAILED, 0)
    submits = ApiRequest.objects.filter(sent_at__gt=since)
    accepted = submits.filter(kind="submit", outcome="accepted").count()
    reasons = rows.filter(status=Status.FAILED).values_list("failure_code")
    return {
        "days": days,
        "tries": sum(states.values()),
        "success": round(100 * done / (done + failed)) if done + failed else None,
        "requests": submits.count(),
        "credits": accepted,
        "cost": accepted * settings.MIRAGIC_CREDIT_PRICE
        if settings.MIRAGIC_CREDIT_PRICE
        else None,
        "by_day": by_day(rows, now, days),
        "durations": durations(rows),
        "failures": [
            (FailureCode(code).label, n)
            for code, n in Counter(code for (code,) in reasons).most_common()
        ],
        "garments": most_tried(since),
    }


def by_day(rows: Any, now: datetime, days: int) -> list[dict[str, Any]]:
    """Every day of the period, also those without a try."""
    counted = {
        row["day"]: row
        for row in rows.annotate(day=TruncDate("created_at"))
        .values("day")
        .annotate(
            tries=Count("pk"),
            done=Count("pk", Q(status=Status.COMPLETED)),
            failed=Count("pk", Q(status=Status.FAILED)),
        )
        .order_by()
    }
    empty = {"tries": 0, "done": 0, "failed": 0}
    dates = [(now - timedelta(days=back)).date() for back in reversed(range(days))]
    return [{**empty, **counted.get(day, {}), "day": day} for day in dates]


def durations(rows: Any) -> dict[str, float | None]:
    known = sorted(
        rows.filter(duration_seconds__isnull=False)
        .order_by("-answered_at")
        .values_list("duration_seconds", flat=True)[:2000]
    )
    if not known:
        return {"p50": None, "p95": None}
    return {"p50": known[len(known) // 2], "p95": known[int(len(known) * 0.95)]}


def most_tried(since: datetime) -> list[Any]:
    made = Q(try_ons__created_at__gt=since)
    rows = Garment.objects.filter(owner=None).annotate(n=Count("try_ons", filter=made))
    return list(rows.filter(n__gt=0).order_by("-n", "sku")[:10])


def garment_health() -> list[dict[str, Any]]:
    """Each piece of the catalogue that was tried, the worst first."""
    rows = (
        Garment.objects.catalogue()
        .annotate(
            tries=Count("try_ons", distinct=True),
            failed=Count("try_ons", Q(try_ons__status=Status.FAILED), distinct=True),
            flags=Count(
                "try_ons",
                Q(try_ons__result__flagged_at__isnull=False)
                | Q(try_ons__result__review_state=ReviewState.HIDDEN),
                distinct=True,
            ),
            hearts=Count("fans", distinct=True),
            seconds=Avg("try_ons__duration_seconds"),
        )
        .filter(tries__gt=0)
    )
    told: list[dict[str, Any]] = []
    row: Any
    for row in rows:
        bad = row.failed + row.flags
        told.append(
            {
                "garment": row,
                "share": round(100 * bad / row.tries),
                "bad": bad,
                "replace": row.tries >= FEW and bad / row.tries >= BAD_SHARE,
            }
        )
    return sorted(told, key=lambda one: (-one["share"], -one["garment"].tries))


def as_csv(now: datetime, days: int) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["day", "tries", "completed", "failed"])
    for row in overview(now, days)["by_day"]:
        writer.writerow([row["day"], row["tries"], row["done"], row["failed"]])
    return out.getvalue()
