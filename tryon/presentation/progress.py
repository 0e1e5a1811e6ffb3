"""Progress, place in line and time left: estimates, shown as such.

Seconds are wall time. The bar is a share of the way: in line up to a fifth, being
made from a quarter on.
"""

import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from ..models import Key, Planner, Status, TryOn
from ..pipeline import budget, policy
from ..pipeline.durations import current_forecasts
from ..pipeline.forecast import Forecast
from ..pipeline.timing import timing
from . import texts

# Seconds between a page's polls: often where a result is likely, so that it is on the
# screen within two seconds; an old job is polled by its age.
IN_LINE_POLL = 15
EARLY_POLL = 7
LIKELY_POLL = 1.2
WAIT_POLL = 5
LONGEST_POLL = 10
FIRST_OVER = 0.04  # share of the jobs that are over so soon
LEAD = 0.3  # seconds after the age at which another one was there
ENOUGH_ARRIVED, ARRIVED = 8, 32  # pictures lately, whose ages tell when one comes
RECENT = 2.0  # seconds that a forecast is used again for an unchanged poll
FEW = 16  # pictures that say little yet
ORDINALS = (
    gettext_noop("next"),
    gettext_noop("second"),
    gettext_noop("third"),
    gettext_noop("fourth"),
    gettext_noop("fifth"),
    gettext_noop("sixth"),
    gettext_noop("seventh"),
    gettext_noop("eighth"),
    gettext_noop("ninth"),
    gettext_noop("tenth"),
)


@dataclass(frozen=True)
class Progress:
    percent: int
    left: float | None  # seconds
    heading: str
    line: str
    stage: str  # line, making, ready
    poll_in: float  # seconds until asking again is worth it


def count_earlier() -> Coalesce:
    """For a query of try-ons: how many wait that came before each."""
    earlier = (
        TryOn.objects.queued()
        .filter(created_at__lt=OuterRef("created_at"))
        .order_by()
        .values("status")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return Coalesce(Subquery(earlier), 0)


def add_places(try_ons: Sequence[TryOn]) -> None:
    """Sets `place` of the queued ones: how many come earlier. One query, or none."""
    queued = {row.pk: row for row in try_ons if row.status == Status.QUEUED}
    if not queued:
        return
    rows = TryOn.objects.filter(pk__in=queued)
    places = rows.annotate(before=count_earlier())
    for pk, place in places.values_list("pk", "before"):
        queued[pk].place = place


@dataclass(frozen=True)
class Traffic:
    """What the planner weighs now: the price of a request."""

    price: float

    @classmethod
    def now(cls) -> "Traffic":
        free = max([*budget.room_now(timezone.now()).values(), 1])
        return cls(policy.price(free, TryOn.objects.queued().count(), timing()))

    def polled_in(self, try_on: TryOn, age: float, forecast: Forecast) -> float:
        """Seconds until a poll at this job is worth its price: not before."""
        last_poll = 0.0
        if try_on.last_polled_at and try_on.submitted_at:
            last_poll = (try_on.last_polled_at - try_on.submitted_at).total_seconds()
        wait = 0.0
        while forecast.unseen(max(last_poll, 0), age + wait) < self.price and wait < 10:
            wait += 0.5
        return wait


class Shop:
    """What the shop's database says now; each part is asked for once, when needed."""

    def __init__(self, now: datetime):
        self.asked_at = now

    @cached_property
    def forecasts(self) -> dict[str, Forecast]:
        return current_forecasts()

    @cached_property
    def keys(self) -> list[Key]:
        return list(Key.objects.configured())

    @cached_property
    def is_paused(self) -> bool:
        """By staff."""
        return Planner.objects.filter(submits_paused_at__isnull=False).exists()

    @cached_property
    def traffic(self) -> Traffic:
        return Traffic.now()

    @cached_property
    def arrivals(self) -> list[float]:
        """At which ages the last pictures of the last minutes were here, sorted."""
        lately = self.asked_at - timedelta(seconds=3 * timing().window)
        rows = TryOn.objects.filter(
            duration_seconds__isnull=False, answered_at__gte=lately
        ).order_by("-answered_at")
        times = rows.values_list("submitted_at", "finished_at")[:ARRIVED]
        ages = [there - sent for sent, there in times if sent and there]
        return sorted(age.total_seconds() for age in ages)


class RecentShop:
    """What this process asked last, for as long as that is no older than `RECENT`."""

    def __init__(self) -> None:
        self._last: tuple[float, Shop] | None = None

    def get(self, now: datetime) -> Shop:
        if self._last is None or time.monotonic() - self._last[0] > RECENT:
            self._last = time.monotonic(), Shop(now)
        return self._last[1]

    def forget(self) -> None:
        self._last = None


recent_shop = RecentShop()


class Estimator:
    """How far try-ons are, and how long they take; `shop` is asked once for all."""

    def __init__(self, now: datetime, shop: Shop | None = None):
        self.now = now
        self.shop = shop or Shop(now)

    def forecast(self, mode: str = TryOn.Mode.SINGLE) -> Forecast:
        return self.shop.forecasts[mode]

    def usually(self, mode: str = TryOn.Mode.SINGLE) -> str:
        """ "Usually 20 to 40 seconds", from what the middle of the jobs took."""
        forecast = self.forecast(mode)
        # Until enough is measured, the prior's long tail is no promise to make.
        outside = 0.25 if forecast.count < FEW else 0.1
        low = max(round(forecast.quantile(outside) / 5) * 5, 5)
        high = max(round(forecast.quantile(1 - outside) / 5) * 5, low + 5)
        if high > 120:
            n = -(-high // 60)
            sentence = ngettext(
                "Usually under %(n)d minute", "Usually under %(n)d minutes", n
            )
            return sentence % {"n": n}
        sentence = ngettext(
            "Usually %(low)d to %(high)d second",
            "Usually %(low)d to %(high)d seconds",
            high,
        )
        return sentence % {"low": low, "high": high}

    @property
    def keys_open(self) -> int:
        """How many take new jobs now; before the first pass nobody has seen one."""
        if self.shop.is_paused:
            return 0
        return sum(
            key.is_open(self.now) and key.may_submit(self.now) for key in self.shop.keys
        ) or (0 if self.shop.keys else 1)

    def progress(self, try_on: TryOn) -> Progress:
        if try_on.status in (Status.QUEUED, Status.SUBMITTING):
            return self._in_line(try_on)
        if try_on.status in (Status.PROCESSING, Status.FETCHING):
            return self._being_made(try_on)
        return Progress(100, None, "", "", "ready", 0)

    def _in_line(self, try_on: TryOn) -> Progress:
        place = try_on.place if try_on.status == Status.QUEUED else 0
        t = timing()
        typical = self.forecast(try_on.mode).quantile(0.5)
        later = try_on.next_attempt_at and try_on.next_attempt_at > self.now
        if try_on.status == Status.QUEUED and (later or not self.keys_open):
            return Progress(
                4, None, _("In line"), str(texts.SHORT_BREAK), "line", IN_LINE_POLL
            )
        rate = t.limit / 2 / t.window * max(self.keys_open, 1)  # jobs a second
        left = place / rate + typical
        return Progress(
            percent=4 + round(16 / (1 + place)),
            left=left,
            heading=describe_time_left(left),
            line=describe_place(place),
            stage="line",
            poll_in=min(place / rate + 1, IN_LINE_POLL),
        )

    def _being_made(self, try_on: TryOn) -> Progress:
        assert try_on.submitted_at is not None
        age = max((self.now - try_on.submitted_at).total_seconds(), 0)
        made_at = try_on.answered_at
        if made_at and (self.now - made_at).total_seconds() > timing().patience / 10:
            return Progress(
                97, None, _("It is made"), str(texts.NOT_HOME), "making", 15
            )
        if made_at or try_on.status == Status.FETCHING:
            return Progress(
                97, 1, describe_time_left(1), _("Bringing it home."), "making", 1
            )
        if age > timing().patience:
            return Progress(
                95, None, _("Still being made"), str(texts.LATE), "making", 15
            )
        left = self.forecast(try_on.mode).remaining(age)
        long = self.forecast(try_on.mode).quantile(0.9)
        line = _("Your picture is being made.")
        if age > long:
            line = _("A little longer than we thought.")
        return Progress(
            percent=25 + round(70 * min(age / long, 1)),
            left=left,
            heading=describe_time_left(left),
            line=line,
            stage="making",
            poll_in=self._poll_in(try_on, age),
        )

    def _poll_in(self, try_on: TryOn, age: float) -> float:
        """When a page should ask again: soon after the picture may be here.

        Lately arrived ones say it best, since what the key's limit leaves decides as
        much as how long the API takes; before them, the planner's own price.
        """
        arrivals = self.shop.arrivals
        if len(arrivals) >= ENOUGH_ARRIVED:
            later = bisect_right(arrivals, age - LEAD)
            if later < len(arrivals):
                return min(max(arrivals[later] + LEAD - age, LIKELY_POLL), WAIT_POLL)
            return min(max(LIKELY_POLL, age * 0.03), LONGEST_POLL)
        forecast = self.forecast(try_on.mode)
        first = forecast.quantile(FIRST_OVER)
        if age < first:
            return min(max(first - age, LIKELY_POLL), EARLY_POLL)
        # Less than expected, since a result that waits is worse than a poll too many.
        likely = min(
            self.shop.traffic.polled_in(try_on, age, forecast) * 0.8, WAIT_POLL
        )
        return min(max(LIKELY_POLL, likely, age * 0.03), LONGEST_POLL)


def describe_time_left(seconds: float) -> str:
    """Over 90 s in half minutes, 90-20 s in tens, under 20 s as forecast."""
    if seconds < 3:
        return _("Any moment")
    if seconds <= 90:
        n = round(seconds) if seconds < 20 else round(seconds / 10) * 10
        return ngettext("About %(n)d second", "About %(n)d seconds", n) % {"n": n}
    halves = round(seconds / 30)
    if halves % 2 == 0:
        n = halves // 2
        return ngettext("About %(n)d minute", "About %(n)d minutes", n) % {"n": n}
    return _("About %(n)d½ minutes") % {"n": halves // 2}


def describe_place(earlier: int) -> str:
    """`earlier`: how many come first."""
    if earlier == 0:
        return _("You are next in line.")
    first = ngettext("One picture comes first.", "%(n)d pictures come first.", earlier)
    if earlier < len(ORDINALS):
        place = _("You are %(place)s in line.") % {"place": _(ORDINALS[earlier])}
    else:
        place = _("You are number %(n)d in line.") % {"n": earlier + 1}
    return f"{place} {first % {'n': earlier}}"
