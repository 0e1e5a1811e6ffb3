"""A wall clock that is moved while slots cool down."""

from datetime import timedelta

import pytest

from tests import factories
from tests.factories import NOW
from tryon.pipeline import budget
from tryon.pipeline.clock import Clock

KEY = "sk_live_" + "c" * 43


@pytest.fixture
def key(db, settings):
    settings.MIRAGIC_API_KEYS = [KEY]
    return factories.key(KEY)


def test_a_step_of_the_clock_is_noticed(key):
    times = iter([NOW, NOW + timedelta(seconds=1), NOW + timedelta(minutes=5)])
    clock = Clock(lambda: next(times))
    clock.read()
    assert clock.read() == NOW + timedelta(seconds=1)
    key.refresh_from_db()
    assert key.bucket_level == 10
    assert clock.read() == NOW + timedelta(minutes=5)
    key.refresh_from_db()
    assert (key.bucket_level, key.bucket_at) == (0, NOW + timedelta(minutes=5))


def test_by_default_the_databases_clock_whichever_that_is(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(budget, "database_now", lambda: NOW)
    assert clock.read() == NOW
