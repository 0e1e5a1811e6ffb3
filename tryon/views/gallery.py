"""The gallery: the newest first, page by page without counting."""

from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .. import estimates
from ..models import SLOTS, TryOn
from .getters import OwnedRequest, owner_required

PAGE = 60


@require_safe
@never_cache
@owner_required
def gallery(request: OwnedRequest) -> HttpResponse:
    now = timezone.now()
    rows = TryOn.objects.visible_to(request.owner)
    kind = request.GET.get("kind", "")
    if kind == "combo":
        rows = rows.filter(mode=TryOn.Mode.COMBO)
    elif kind in SLOTS:
        rows = rows.filter(garment_kind=SLOTS[kind])
    before = parse_time(request.GET.get("before", ""))
    if before:
        rows = rows.filter(created_at__lt=before)
    page = list(estimates.with_places(rows.with_pictures()).recent()[: PAGE + 1])
    estimator = estimates.Estimator(now)
    for try_on in page[:PAGE]:
        try_on.progress = estimator.progress(try_on)  # type: ignore[attr-defined]
    context = {
        "days": by_day(page[:PAGE], now),
        "kind": kind,
        "older": page[PAGE - 1].created_at.isoformat() if len(page) > PAGE else None,
        "is_first": before is None,
    }
    return render(request, "gallery/gallery.html", context)


def parse_time(text: str) -> datetime | None:
    try:
        parsed = parse_datetime(text)
        if parsed is None or timezone.is_naive(parsed):
            return None
        return parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def by_day(try_ons: list[TryOn], now: datetime) -> list[tuple[str, list[Any]]]:
    today = timezone.localdate(now)

    def heading(try_on: TryOn) -> str:
        day = timezone.localdate(try_on.created_at)
        if day == today:
            return _("Today")
        if (today - day).days == 1:
            return _("Yesterday")
        return date_format(day, "j F" if day.year == today.year else "j F Y")

    return [(day, list(group)) for day, group in groupby(try_ons, key=heading)]
