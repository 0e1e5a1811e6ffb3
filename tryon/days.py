"""Days as the shop's people count them: from one local midnight to the next.

A day has 23 or 25 hours when the clocks change, so that hours are never counted back.
"""

from datetime import date, datetime, time, timedelta

from django.utils import timezone


def midnight(day: date) -> datetime:
    """When a day begins here; where the clocks skip it, the first moment there is."""
    return datetime.combine(day, time.min, timezone.get_current_timezone())


def last_days(now: datetime, count: int) -> list[date]:
    """Today and the days before it, the oldest first."""
    today = timezone.localdate(now)
    return [today - timedelta(days=back) for back in reversed(range(count))]


def begin(now: datetime, count: int) -> datetime:
    """When the first of the last `count` days began."""
    return midnight(last_days(now, count)[0])
