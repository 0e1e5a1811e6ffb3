"""When a waiting page looks again."""

from datetime import timedelta

import pytest

from tests import factories
from tests.factories import NOW
from tryon.models import Status, TryOn
from tryon.models.ledger import KeyState
from tryon.pipeline import budget
from tryon.presentation import progress, texts

OWN = "sk_live_" + "o" * 43


def arrived(owner, ages) -> None:
    """Pictures that were here so many seconds after their submission, lately."""
    for age in ages:
        row = factories.try_on(owner, Status.COMPLETED)
        TryOn.objects.filter(pk=row.pk).update(
            submitted_at=NOW - timedelta(seconds=age + 5),
            answered_at=NOW - timedelta(seconds=5.5),
            finished_at=NOW - timedelta(seconds=5),
            duration_seconds=age - 1,
        )


def poll_in(owner, age: float) -> float:
    row = factories.try_on(owner, Status.PROCESSING)
    TryOn.objects.filter(pk=row.pk).update(submitted_at=NOW - timedelta(seconds=age))
    row.refresh_from_db()
    return progress.Estimator(NOW).progress(row).poll_in


@pytest.mark.parametrize(
    ("age", "seconds"),
    [
        (2, progress.WAIT_POLL),  # long before any of them
        (26.5, 2.3),  # just after the age of the earliest
        (28.6, progress.LIKELY_POLL),  # where they come
        (32, progress.WAIT_POLL),  # between two kinds of traffic
        (47, 2.5),
        (60, 1.8),  # later than all: by its age
    ],
)
def test_a_page_looks_when_others_came(alice, age, seconds):
    arrived(alice, [28.5, 28.6, 28.7, 28.8, 49.2, 49.2, 49.3, 49.4])
    assert poll_in(alice, age) == pytest.approx(seconds, abs=0.01)


def test_before_enough_came_it_looks_by_the_forecast(alice):
    arrived(alice, [28.5] * 7)
    assert poll_in(alice, 1) == progress.EARLY_POLL


def in_line(owner) -> str:
    waiting = factories.try_on(owner)
    progress.add_places([waiting])
    return progress.Estimator(NOW).progress(waiting).line


def test_a_key_that_is_no_longer_in_the_settings_counts_for_nothing(alice, settings):
    """The sandbox's stays behind when a shop sets its own."""
    settings.MIRAGIC_API_KEYS = [OWN]
    factories.key("sk_live_" + "s" * 43)
    assert progress.Estimator(NOW).keys_open == 1
    own = factories.key(OWN)
    assert progress.Estimator(NOW).keys_open == 1
    assert "next in line" in in_line(alice)
    budget.stop_key(own, KeyState.OUT_OF_CREDITS, "402")
    assert "short break" in in_line(alice)


def test_while_staff_pause_it_no_time_is_promised(alice, settings):
    settings.MIRAGIC_API_KEYS = [OWN]
    factories.key(OWN)
    budget.pause_all(on=True, now=NOW)
    assert "short break" in in_line(alice)
    budget.pause_all(on=False, now=NOW)
    assert "next in line" in in_line(alice)


def test_pictures_of_another_hour_say_nothing(alice):
    arrived(alice, [28.5] * 8)
    TryOn.objects.update(answered_at=NOW - timedelta(hours=1))
    assert poll_in(alice, 1) == progress.EARLY_POLL


def test_a_picture_that_is_made_and_not_here_is_told_as_such(alice):
    """Neither "one second left" for hours nor "still being made"."""
    for status in (Status.FETCHING, Status.PROCESSING):
        for seconds, stays in ((5, False), (3600, True)):
            made = NOW - timedelta(seconds=seconds)
            row = factories.try_on(alice, status, answered_at=made, created_at=made)
            told = progress.Estimator(NOW).progress(row)
            assert (told.line == str(texts.NOT_HOME)) is stays
            assert (told.left is None) is stays


def test_one_that_is_put_off_is_promised_no_time(alice, settings):
    settings.MIRAGIC_API_KEYS = [OWN]
    factories.key(OWN)
    row = factories.try_on(alice, next_attempt_at=NOW + timedelta(minutes=5))
    told = progress.Estimator(NOW).progress(row)
    assert (told.line, told.left) == (str(texts.SHORT_BREAK), None)
