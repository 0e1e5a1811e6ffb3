"""kill -9 at any moment loses no job and doubles no charge."""

import json
import time

import pytest

from tests.house import house
from tryon.demo import FOLDER


def people(n: int) -> list:
    return sorted((FOLDER / "people").glob("*.jpg"))[:n]


def pieces() -> list:
    return sorted((FOLDER / "garments").glob("*.jpg"))


@pytest.fixture
def running(tmp_path):
    with house(tmp_path, speed=10) as made:
        made.start_sandbox(seconds=60, spread=0.2)
        made.start("worker", "beat", "web")
        yield made


QUEUE = """
from pathlib import Path
from tryon import images, services, tasks
from tryon.models import User
from django.utils import timezone
owner, _ = User.objects.get_or_create(email="k@example.org", daily_limit=999)
for person, piece in {pairs!r}:
    photo = services.add_photo(
        owner=owner, picture=images.read_person(open(person, "rb")), now=timezone.now()
    )
    garment = services.add_garment(
        owner=owner,
        picture=images.read_garment(open(piece, "rb")),
        kind="upper_body",
        now=timezone.now(),
    )
    outfit = services.Outfit(garment)
    made, _ = services.create_try_on(
        owner=owner, photo=photo, outfit=outfit, now=timezone.now()
    )
    print(made.pk)
tasks.wake_up()
"""


def queue(house, n: int, first: int = 0) -> list[str]:
    """n jobs at once, each of another pair of pictures."""
    pairs = [
        (str(people(9)[number % 9]), str(pieces()[number]))
        for number in range(first, first + n)
    ]
    done = house.manage("shell", "-v", "0", "-c", QUEUE.format(pairs=pairs))
    return done.stdout.split()


def test_worker_beat_and_web_killed_while_ten_jobs_are_looked_at(running):
    queue(running, 10)
    running.until(lambda: running.states()["processing"] >= 8)
    running.until(running.is_up)
    for name in ("worker", "beat", "web"):
        running.kill(name)
    running.until(lambda: not running.is_up(), seconds=10)  # nobody serves old code
    running.start("worker", "beat", "web")
    running.until(lambda: running.states()["completed"] == 10, seconds=90)
    told = running.sandbox()
    assert (told["submits"], told["distinct_pictures"]) == (10, 10)
    assert told["refused_429"] == 0
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


def test_after_many_ticks_without_a_worker_a_new_job_goes_at_once(tmp_path):
    """Ten minutes' worth of ticks, at ten a second."""
    with house(tmp_path, speed=10) as made:
        made.start_sandbox(seconds=30)
        tick = "from tryon.tasks import wake_up\nfor _ in range(600): wake_up()\n"
        made.manage("shell", "-c", tick)
        waiting = list((tmp_path / "data" / "broker" / "messages").iterdir())
        assert len(waiting) == 1
        made.start("worker", "beat")
        made.until(
            lambda: (
                json.loads(made.manage("status", "--json", check=False).stdout)[
                    "last_tick_seconds"
                ]
                is not None
            )
        )
        queue(made, 1)
        started = time.monotonic()
        made.until(lambda: made.sandbox()["submits"] == 1, seconds=5)
        assert time.monotonic() - started < 5


def test_sigterm_ends_each_process_cleanly(running):
    running.until(running.is_up)
    running.stop()
    codes = {name: p.returncode for name, p in running.processes.items()}
    assert codes.pop("sandbox") in (0, -15)
    assert set(codes.values()) <= {0, -15}
