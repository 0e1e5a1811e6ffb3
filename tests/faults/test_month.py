"""Two weeks of a shop: what should be flat is, nobody is told twice, no file is lost.

With 5 jobs a day and all kinds of them; ``python -m tests.bench.month`` has 30 days of
300. Pictures stay a week, and the clocks change within it.
"""

import pytest
import time_machine
from celery import current_app

from tests import month
from tryon.pipeline import budget
from tryon.sandbox.jobs import Options
from tryon.sandbox.server import serve_in_thread

JOBS_A_DAY, DAYS = 5, 14


@pytest.fixture
def server():
    options = Options(speed=1, seed=1, fail_share=0.05, plain=True)
    made = serve_in_thread(options)
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def at_once():
    """What a task asks for is done here and now, where its errors are seen."""
    conf = current_app.conf
    conf.task_always_eager = conf.task_eager_propagates = True
    yield
    conf.task_always_eager = conf.task_eager_propagates = False


@pytest.mark.anywhere  # a bucket refuses requests of another day than its own
@pytest.mark.timeout(600)
@pytest.mark.django_db(transaction=True)
def test_two_weeks(settings, server, at_once, monkeypatch):
    settings.MIRAGIC_BASE_URL = server.url
    settings.TRYON_RETENTION_DAYS = month.RETENTION
    # The database's own clock is not moved.
    monkeypatch.setattr(budget, "database_now", month.timezone.now)
    with time_machine.travel(month.BEGINS, tick=False) as clock:
        shop = month.Month(server, clock, JOBS_A_DAY)
        assert month.live(shop, DAYS) == []
