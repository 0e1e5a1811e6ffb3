"""kill -9 at any moment loses no job and doubles no charge."""

import json

import pytest

from tests import databases
from tests.faults.jobs import none_lost_or_doubled, queue, seconds_after_a_kill
from tests.live import live_site

MANY = """
from dataclasses import replace
from io import BytesIO
from django.utils import timezone
from PIL import Image
from tryon import services, tasks
from tryon.pictures import normalise
from tryon.models import User
owner = User.objects.create_user("many@example.org")
out = BytesIO()
Image.effect_noise((1500, 2000), 40).convert("RGB").save(out, "JPEG")
picture = normalise.read_person(out)
for n in range(200):
    other = replace(picture, source_sha256=str(n))
    row = services.add_photo(owner=owner, picture=other, now=timezone.now())
tasks.ask_for_renditions(row)
"""
WAITING = "SELECT COUNT(*) FROM tryon_photo WHERE renditions_at IS NULL"


@pytest.fixture
def running(tmp_path):
    with live_site(tmp_path, speed=10) as site:
        site.start_sandbox(seconds=60, spread=0.2)
        site.start("worker", "beat", "web")
        yield site


def test_worker_beat_and_web_killed_while_ten_jobs_are_looked_at(running):
    running.until(running.is_up)
    queue(running, 10)
    # A kill within a POST leaves its job unconfirmed, which is the next test's matter.
    running.until(lambda: running.states().keys().isdisjoint(("queued", "submitting")))
    for name in ("worker", "beat", "web"):
        running.kill(name)
    running.until(lambda: not running.is_up(), seconds=10)  # nobody serves old code
    running.start("worker", "beat", "web")
    none_lost_or_doubled(running, 10)
    running.until(running.is_up)


def test_a_worker_killed_inside_a_post_leaves_just_that_job_unconfirmed(running):
    hang = {"name": "hang_after", "on": "submit", "next": 1, "value": 3}
    running.order(faults=[hang])
    (first,) = queue(running, 1)
    running.until(lambda: running.sandbox()["submits"] == 1)
    running.kill("worker")
    running.start("worker")
    queue(running, 3, first=1)
    running.until(lambda: running.states()["completed"] == 3, seconds=60)
    running.until(lambda: running.states()["unconfirmed"] == 1, seconds=60)
    told = running.sandbox()
    assert told["submits"] == 4
    again = (
        "from django.utils import timezone; from tryon import services, models;"
        f"services.send_again(try_on=models.TryOn.objects.get(pk='{first}'),"
        "now=timezone.now(), by=None)"
    )
    running.manage("shell", "-c", again)
    running.until(lambda: running.states()["completed"] == 4, seconds=60)
    assert running.sandbox()["submits"] == 5


def test_the_next_worker_brings_home_what_a_killed_one_was_fetching(tmp_path):
    """How soon is measured by `python -m tests.bench.killed`."""
    with live_site(tmp_path, speed=10) as site:
        site.start_sandbox(seconds=2)
        site.start("worker", "beat")
        seconds_after_a_kill(site)
        assert site.sandbox()["submits"] == 1


def test_after_many_ticks_without_a_worker_a_new_job_goes_at_once(tmp_path):
    """Ten minutes' worth of ticks, at ten a second."""
    with live_site(tmp_path, speed=10) as site:
        site.start_sandbox(seconds=30)
        tick = "from tryon.tasks import wake_up\nfor _ in range(600): wake_up()\n"
        site.manage("shell", "-c", tick)
        if not site.env.get("CELERY_BROKER_URL"):
            # The embedded broker keeps one; Redis all of them, which have expired.
            waiting = list((tmp_path / "data" / "broker" / "messages").iterdir())
            assert len(waiting) == 1
        site.start("worker", "beat")
        site.until(
            lambda: (
                json.loads(site.manage("status", "--json", check=False).stdout)[
                    "last_tick_seconds"
                ]
                is not None
            )
        )
        queue(site, 1)
        site.until(lambda: site.sandbox()["submits"] == 1)


def test_a_worker_ends_in_time_though_many_pictures_wait(tmp_path):
    """Their renditions are a minute of work, which another worker does."""
    with live_site(tmp_path) as site:
        site.manage("shell", "-c", MANY)

        def waiting():
            return databases.ask(site.env, WAITING)[0][0]

        site.start("worker")
        site.until(lambda: waiting() < 199)
        site.stop()  # kills who has not ended after 15 s
        assert site.processes["worker"].returncode in (0, -15)
        assert waiting() > 0


def test_sigterm_ends_each_process_cleanly(running):
    running.until(running.is_up)
    running.stop()
    codes = {name: p.returncode for name, p in running.processes.items()}
    assert codes.pop("sandbox") in (0, -15)
    assert set(codes.values()) <= {0, -15}
