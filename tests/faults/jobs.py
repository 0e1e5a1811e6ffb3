"""Jobs for a site under test, each of another pair of pictures."""

import time

from tests import databases
from tests.live import LiveSite
from tryon.demo import FOLDER

FETCHING = """
SELECT COUNT(*) FROM tryon_tryon WHERE status = 'fetching' AND attempts = 1
"""


def people(n: int) -> list:
    return sorted((FOLDER / "people").glob("*.jpg"))[:n]


def pieces() -> list:
    return sorted((FOLDER / "garments").glob("*.jpg"))


QUEUE = """
from pathlib import Path
from tryon import services, tasks
from tryon.pictures import normalise
from tryon.models import User
from django.utils import timezone
owner, _ = User.objects.get_or_create(email="k@example.org", daily_limit=999)
for person, piece in {pairs!r}:
    photo = services.add_photo(
        owner=owner,
        picture=normalise.read_person(open(person, "rb")),
        now=timezone.now(),
    )
    garment = services.add_garment(
        owner=owner,
        picture=normalise.read_garment(open(piece, "rb")),
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


def queue(site: LiveSite, n: int, first: int = 0) -> list[str]:
    """n jobs at once; `first` makes those of a second call others, up to 180."""
    persons, garments = people(9), pieces()
    pairs = [
        (str(persons[n % 9]), str(garments[(n // 9 + n % 9) % len(garments)]))
        for n in range(first, first + n)
    ]
    done = site.manage("shell", "-v", "0", "-c", QUEUE.format(pairs=pairs))
    return done.stdout.split()


def none_lost_or_doubled(site: LiveSite, n: int) -> None:
    """All of them completed, each paid for once, none refused for its pace."""
    site.until(lambda: site.states()["completed"] == n, seconds=120)
    told = site.sandbox()
    assert told is not None
    assert (told["submits"], told["distinct_pictures"]) == (n, n)
    assert told["refused_429"] == 0


def seconds_after_a_kill(site: LiveSite) -> float:
    """Simulated, from the death of a worker that fetches until the picture is there."""
    before = site.states()["completed"]
    hang = {"name": "hang", "on": "result", "share": 1, "value": 30}
    site.order(faults=[hang])
    queue(site, 1, first=before)
    site.until(lambda: databases.ask(site.env, FETCHING) == [(1,)])
    site.kill("worker")
    killed = time.monotonic()
    site.order(faults=[])
    site.start("worker")
    site.until(lambda: site.states()["completed"] == before + 1)
    return (time.monotonic() - killed) * site.speed
