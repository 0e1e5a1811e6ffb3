"""The gallery: the newest first, page by page without counting."""

import uuid
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from django.db.models import Q
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ..models import SLOTS, Garment, Status, TryOn, User, typed_text
from ..models.states import UNDER_WAY
from ..models.try_on_queries import TryOnQuerySet
from ..models.uploads import matches_words
from ..presentation import progress
from ..web import local_days as calendar
from .getters import OwnedRequest, owner_required

PAGE = 60


@require_safe
@never_cache
@owner_required
def gallery(request: OwnedRequest) -> HttpResponse:
    """Newest first. `select` shows boxes to choose several with."""
    now = timezone.now()
    filters = GalleryFilters.of(request.GET)
    rows = filters.apply(TryOn.objects.visible_to(request.owner), now)
    page = Page.of(rows.with_pictures(), request.GET)
    progress.add_places(page.items)
    estimator = progress.Estimator(now)
    for try_on in page.items:
        try_on.progress = estimator.progress(try_on)
    context = {
        "days": by_day(page.items, now),
        "filters": filters,
        "piece": filters.piece_of(request.owner),
        "page": page,
        "select": "select" in request.GET,
        "newest": page.items[0].created_at.isoformat() if page.items else "",
    }
    return render(request, "gallery/gallery.html", context)


KINDS = {"combo": Q(mode=TryOn.Mode.COMBO)} | {
    slot: Q(garment_kind=kind) for slot, kind in SLOTS.items()
}
STATES = {
    "ready": Q(status=Status.COMPLETED),
    "making": Q(status__in=UNDER_WAY),
    "trouble": Q(status__in=(Status.FAILED, Status.UNCONFIRMED, Status.CANCELED)),
}
DAYS = {"1": 1, "7": 7, "30": 30}


@dataclass(frozen=True)
class GalleryFilters:
    """Whatever the address says that is no filter is none."""

    kind: str = ""
    state: str = ""
    days: str = ""
    favourites: bool = False
    q: str = ""
    garment: uuid.UUID | None = None

    @classmethod
    def of(cls, query: QueryDict) -> "GalleryFilters":
        def one_of(name: str, known: Container[str]) -> str:
            value = query.get(name, "")
            return value if value in known else ""

        try:
            garment = uuid.UUID(query.get("garment", ""))
        except ValueError:
            garment = None
        return cls(
            garment=garment,
            kind=one_of("kind", KINDS),
            state=one_of("state", STATES),
            days=one_of("days", DAYS),
            favourites=query.get("favourites") == "1",
            q=typed_text.clean_line(query.get("q", ""))[:80],
        )

    @property
    def any(self) -> bool:
        return self != GalleryFilters()

    def piece_of(self, owner: User) -> Garment | None:
        """The garment whose pictures are shown, retired or not."""
        if self.garment is None:
            return None
        return Garment.objects.visible_to(owner).filter(pk=self.garment).first()

    def apply(self, rows: TryOnQuerySet, now: datetime) -> TryOnQuerySet:
        if self.kind:
            rows = rows.filter(KINDS[self.kind])
        if self.state:
            rows = rows.filter(STATES[self.state])
        if self.days:
            since = calendar.find_begin(now, DAYS[self.days])
            rows = rows.filter(created_at__gte=since)
        if self.favourites:
            rows = rows.filter(favourite_at__isnull=False)
        if self.garment:
            either = Q(garment=self.garment) | Q(bottom_garment=self.garment)
            rows = rows.filter(either)
        if self.q:
            rows = rows.filter(
                matches_words(self.q, "garment__")
                | matches_words(self.q, "bottom_garment__")
            )
        return rows


@dataclass(frozen=True)
class Page:
    """A page by key, not by number: new pictures push nothing.

    `older` and `newer` are the keys of the neighbours, None where there is none.
    """

    items: list[TryOn]
    older: str | None
    newer: str | None

    @classmethod
    def of(cls, rows: TryOnQuerySet, query: QueryDict) -> "Page":
        after = parse_key(query.get("after", ""))
        if after is not None:
            rows = rows.filter(_beyond("gt", after)).order_by("created_at", "id")
            try_ons = list(rows[: PAGE + 1])
            items = try_ons[:PAGE][::-1]
            newer = _key(items[:1]) if len(try_ons) > PAGE else None
            return cls(items, _key(items[-1:]), newer)
        before = parse_key(query.get("before", ""))
        if before is not None:
            rows = rows.filter(_beyond("lt", before))
        try_ons = list(rows.recent()[: PAGE + 1])
        items = try_ons[:PAGE]
        older = _key(items[-1:]) if len(try_ons) > PAGE else None
        return cls(items, older, _key(items[:1]) if before is not None else None)


def _beyond(side: str, key: tuple[datetime, uuid.UUID]) -> Q:
    at, pk = key
    # The first condition alone is what the index is searched by.
    return Q(**{f"created_at__{side}e": at}) & (
        Q(**{f"created_at__{side}": at}) | Q(**{f"pk__{side}": pk})
    )


def _key(items: list[TryOn]) -> str | None:
    return next((f"{row.created_at.isoformat()}_{row.pk}" for row in items), None)


def parse_key(text: str) -> tuple[datetime, uuid.UUID] | None:
    at, _line, pk = text.partition("_")
    try:
        parsed = parse_datetime(at)
        if parsed is None or timezone.is_naive(parsed):
            return None
        return parsed.astimezone(UTC), uuid.UUID(pk)
    except (ValueError, OverflowError):
        return None


def by_day(try_ons: list[TryOn], now: datetime) -> list[tuple[str, list[TryOn]]]:
    today = timezone.localdate(now)

    def heading(try_on: TryOn) -> str:
        day = timezone.localdate(try_on.created_at)
        if day == today:
            return _("Today")
        if (today - day).days == 1:
            return _("Yesterday")
        return date_format(day, _("j F") if day.year == today.year else _("j F Y"))

    return [(day, list(group)) for day, group in groupby(try_ons, key=heading)]
