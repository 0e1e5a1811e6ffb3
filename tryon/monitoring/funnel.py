"""How far shoppers went on product pages, by the shop's page and by garment."""

import csv
import io
from collections import Counter
from datetime import date, datetime
from typing import TypedDict

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from ..models import EmbedCount, EmbedStep
from ..web import local_days as calendar

MOST = 200  # garments on one page
STEPS = tuple(EmbedStep.values)


class Line(TypedDict):
    name: str
    counts: list[int]  # by step


class Funnel(TypedDict):
    """Three tables: of all, by origin, and by garment, those most opened first."""

    steps: list[str]
    total: list[int]
    origins: list[Line]
    garments: list[Line]


def build_funnel(now: datetime, days: int) -> Funnel:
    rows = _counted_in(now, days)
    by_origin = _count_by("origin", rows)
    by_garment = _count_by("sku", rows)
    total: Counter[str] = Counter()
    for counts in by_origin.values():
        total.update(counts)
    return {
        "steps": [str(label) for label in EmbedStep.labels],
        "total": [total[step] for step in STEPS],
        "origins": _build_lines(by_origin, _("not told")),
        "garments": _build_lines(by_garment, _("of one's own"))[:MOST],
    }


def _counted_in(now: datetime, days: int) -> QuerySet[EmbedCount]:
    return EmbedCount.objects.filter(day__gte=calendar.list_last_days(now, days)[0])


def _count_by(column: str, rows: QuerySet[EmbedCount]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    sums = rows.values_list(column, "step").annotate(n=Sum("count")).order_by()
    for name, step, n in sums:
        counts.setdefault(name, Counter())[step] = n
    return counts


def _build_lines(counts: dict[str, Counter[str]], nameless: str) -> list[Line]:
    names = sorted(
        counts,
        key=lambda name: (-counts[name]["opened"], -counts[name]["shown"], name),
    )
    return [
        {"name": name or nameless, "counts": [counts[name][step] for step in STEPS]}
        for name in names
    ]


def write_csv(now: datetime, days: int) -> str:
    """A line for each day, origin and garment."""
    lines: dict[tuple[date, str, str], Counter[str]] = {}
    for row in _counted_in(now, days).order_by("day", "origin", "sku"):
        key = (row.day, row.origin, row.sku)
        lines.setdefault(key, Counter())[row.step] = row.count
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["day", "origin", "sku", *STEPS])
    for key, counts in lines.items():
        writer.writerow([*key, *(counts[step] for step in STEPS)])
    return out.getvalue()
