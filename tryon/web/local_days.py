"""Days as whoever looks counts them: from one local midnight to the next.

Visitors see those of the zone that their browser names, staff those of the shop. A day
has 23 or 25 hours when the clocks change, so that hours are never counted back.
"""

import zoneinfo
from datetime import date, datetime, time, timedelta
from functools import cache

from django.utils import timezone

zones = cache(zoneinfo.available_timezones)  # walks through some hundred files


def find_zone(name: str) -> zoneinfo.ZoneInfo | None:
    """The time zone of that name; None for what is no zone's name.

    Only known names are looked up, since a name is also the path of a file.
    """
    return zoneinfo.ZoneInfo(name) if name in zones() else None


def find_midnight(day: date) -> datetime:
    """When a day begins here; where the clocks skip it, the first moment there is."""
    return datetime.combine(day, time.min, timezone.get_current_timezone())


def list_last_days(now: datetime, count: int) -> list[date]:
    """Today and the days before it, the oldest first."""
    today = timezone.localdate(now)
    return [today - timedelta(days=back) for back in reversed(range(count))]


def find_begin(now: datetime, count: int) -> datetime:
    """When the first of the last `count` days began."""
    return find_midnight(list_last_days(now, count)[0])
