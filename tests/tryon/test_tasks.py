"""What the workers' tasks add to what they call: timing, wake-ups, decoders."""

import logging
import threading
import time

import pytest
from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError

from tests import factories
from tests.live import until
from tryon import tasks
from tryon.models import Photo
from tryon.pictures import normalise, storage


@pytest.mark.anywhere  # its broker is in memory
def test_countdowns_are_kept_in_a_busy_timer():
    """With the default timer precision of 1 s they would come half a second late.

    None comes early; how late one may come is how long the timer may sleep.
    """
    app = Celery("timer", broker="memory://")
    app.conf.update(
        broker_transport_options={"polling_interval": 0.01},
        worker_timer_precision=settings.CELERY_WORKER_TIMER_PRECISION,
        task_ignore_result=True,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
    )
    came: dict[int, float] = {}

    @app.task(name="timer.note")
    def note(n: int) -> None:
        came[n] = time.time()

    worker = app.Worker(
        pool="threads", concurrency=16, without_gossip=True, without_mingle=True,
        without_heartbeat=True, loglevel=logging.root.level, prefetch_multiplier=4,
    )  # fmt: skip
    thread = threading.Thread(target=worker.start, daemon=True)
    thread.start()
    try:
        note.apply_async((-1,))
        until(lambda: -1 in came)
        planned = {}
        for n in range(40):
            delay = 0.4 + (n % 10) / 20
            planned[n] = time.time() + delay
            note.apply_async((n,), countdown=delay)
        until(lambda: len(came) == 41)
        assert [n for n in planned if came[n] < planned[n] - 0.005] == []
        precision = settings.CELERY_WORKER_TIMER_PRECISION
        assert worker.timer.schedule.max_interval == precision <= 0.02
    finally:
        worker.stop(in_sighandler=False)
        thread.join(timeout=5)


@pytest.mark.parametrize("error", [OperationalError, ConnectionRefusedError])
def test_a_broker_that_is_away_costs_nothing_but_a_tick(monkeypatch, error):
    asked = []

    def away(*args, **kwargs):
        asked.append(1)
        raise error

    monkeypatch.setattr(tasks.dispatch, "apply_async", away)
    tasks.wake_up()
    assert asked == [1]


def test_of_many_wake_ups_one_plans_and_once_more_for_the_others():
    passes = []
    inside, go_on = threading.Event(), threading.Event()

    def plan() -> None:
        passes.append(threading.get_ident())
        inside.set()
        go_on.wait(5)

    planning = tasks.Coalesced(plan)
    first = threading.Thread(target=planning.ask)
    first.start()
    inside.wait(5)
    others = [threading.Thread(target=planning.ask) for _ in range(20)]
    for other in others:
        other.start()
    for other in others:
        other.join(timeout=2)
    assert not any(other.is_alive() for other in others)
    assert len(passes) == 1
    go_on.set()
    first.join(timeout=5)
    assert len(passes) == 2
    assert set(passes) == {first.ident}


@pytest.mark.parametrize("sent", [True, False])
def test_after_a_poll_the_next_requests_are_planned_at_once(monkeypatch, sent):
    passes = []
    monkeypatch.setattr(tasks.planning, "ask", lambda: passes.append(1))
    monkeypatch.setattr(tasks.runner, "poll", lambda *request: sent)
    tasks.poll("1", "token")
    assert len(passes) == sent


def test_whoever_has_a_decoder_goes_on_until_nothing_waits(alice):
    photos = [factories.photo(alice) for _ in range(3)]
    gone = factories.photo(alice)
    storage.delete([gone.file_name])
    tasks.render("photo", str(photos[0].pk))
    assert list(Photo.objects.filter(renditions_at=None)) == [gone]


def test_when_the_decoders_are_taken_no_message_is_sent(alice, monkeypatch):
    photo = factories.photo(alice)
    sent = []
    monkeypatch.setattr(tasks, "_send", lambda *args, **kwargs: sent.append(args))
    with normalise.decoder(), normalise.decoder():
        tasks.render("photo", str(photo.pk))
    photo.refresh_from_db()
    assert photo.renditions_at is None
    assert sent == []
