"""Days are what people call them, wherever the shop is and when the clocks change."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from tests import factories
from tryon.models import Status, TryOn
from tryon.monitoring import statistics
from tryon.views.gallery import GalleryFilters, by_day
from tryon.web import local_days

# A zone, a moment in it, and how many hours the day of that moment has.
ZONES = [
    ("UTC", datetime(2026, 5, 12, 23, 59, tzinfo=UTC), 24),
    ("Europe/Berlin", datetime(2026, 3, 29, 10, 0, tzinfo=UTC), 23),
    ("Europe/Berlin", datetime(2026, 10, 25, 22, 30, tzinfo=UTC), 25),
    ("America/New_York", datetime(2026, 3, 9, 3, 0, tzinfo=UTC), 23),
    ("America/New_York", datetime(2026, 11, 2, 3, 0, tzinfo=UTC), 25),
    ("America/Havana", datetime(2026, 3, 8, 18, 0, tzinfo=UTC), 23),
    ("America/Santiago", datetime(2026, 4, 4, 23, 0, tzinfo=UTC), 25),
    ("Asia/Kathmandu", datetime(2026, 5, 12, 18, 20, tzinfo=UTC), 24),
    ("Pacific/Apia", datetime(2026, 5, 12, 11, 30, tzinfo=UTC), 24),
]


@pytest.mark.parametrize(("zone", "now", "hours"), ZONES)
def test_a_day_has_as_many_hours_as_the_clocks_say(settings, zone, now, hours):
    settings.TIME_ZONE = zone
    today = timezone.localdate(now)
    begins, ends = (
        local_days.find_begin(now, 1),
        local_days.find_midnight(today + timedelta(days=1)),
    )
    assert ends.astimezone(UTC) - begins.astimezone(UTC) == timedelta(hours=hours)
    assert begins <= now < ends
    for moment in (begins, ends - timedelta(microseconds=1)):
        assert timezone.localdate(moment.astimezone(UTC)) == today
    before = begins.astimezone(UTC) - timedelta(microseconds=1)
    assert timezone.localdate(before) == today - timedelta(days=1)


def test_a_day_that_the_clocks_skip_has_no_moment(settings):
    settings.TIME_ZONE = "Pacific/Apia"  # went from the 29th to the 31st
    skipped, next_one = (
        local_days.find_midnight(date(2011, 12, day)) for day in (30, 31)
    )
    assert skipped.astimezone(UTC) == next_one.astimezone(UTC)


def hour_by_hour(owner, now: datetime, hours: int) -> list[TryOn]:
    """A try each hour of the last two days and more, the last one now."""
    first = factories.try_on(owner, Status.FAILED, created_at=now)
    made = [first]
    for back in range(1, hours):
        first.pk = None
        row = TryOn(
            owner=owner,
            photo_id=first.photo_id,
            garment_id=first.garment_id,
            garment_kind=first.garment_kind,
            mode=first.mode,
            created_at=now - timedelta(hours=back),
        )
        made.append(row)
    TryOn.objects.bulk_create(made[1:])
    return made


@pytest.mark.parametrize(("zone", "now", "hours"), ZONES)
def test_each_try_is_counted_on_its_own_day(settings, alice, zone, now, hours):
    settings.TIME_ZONE = zone
    made = hour_by_hour(alice, now, 75)
    told = statistics.overview(now, 3)
    today = timezone.localdate(now)
    expected = [
        sum(timezone.localdate(row.created_at) == day for row in made)
        for day in (today - timedelta(days=2), today - timedelta(days=1), today)
    ]
    assert [row["tries"] for row in told["by_day"]] == expected
    assert [row["day"] for row in told["by_day"]][-1] == today
    assert told["tries"] == sum(expected) < len(made)
    lines = statistics.as_csv(now, 3).splitlines()[1:]
    assert [int(line.split(",")[1]) for line in lines] == expected
    assert lines[-1].startswith(f"{today:%Y-%m-%d},")


@pytest.mark.parametrize(("zone", "now", "hours"), ZONES)
def test_the_gallerys_days_are_the_same(settings, alice, zone, now, hours):
    settings.TIME_ZONE = zone
    made = hour_by_hour(alice, now, 75)
    today = timezone.localdate(now)
    for name, count in (("1", 1), ("7", 7)):
        rows = GalleryFilters(days=name).apply(TryOn.objects.all(), now)
        begins = today - timedelta(days=count - 1)
        assert rows.count() == sum(
            timezone.localdate(row.created_at) >= begins for row in made
        )
    grouped = by_day(list(TryOn.objects.order_by("-created_at")), now)
    assert [day for day, _rows in grouped][:2] == ["Today", "Yesterday"]
    shown = GalleryFilters(days="1").apply(TryOn.objects.all(), now)
    assert len(grouped[0][1]) == shown.count()


@pytest.mark.parametrize(("zone", "now", "hours"), ZONES)
def test_all_of_today_is_of_the_period(settings, alice, zone, now, hours):
    """What is made while the page is built is in the sum and in its day."""
    settings.TIME_ZONE = zone
    later = local_days.find_midnight(timezone.localdate(now) + timedelta(days=1))
    for moment in (
        local_days.find_begin(now, 7),
        local_days.find_begin(now, 7).astimezone(UTC) - timedelta(microseconds=1),
        later.astimezone(UTC) - timedelta(microseconds=1),
        later,
    ):
        factories.try_on(alice, created_at=moment)
    told = statistics.overview(now, 7)
    assert told["tries"] == sum(row["tries"] for row in told["by_day"]) == 2
