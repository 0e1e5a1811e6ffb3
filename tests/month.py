"""A shop's days on a moved clock: its customers, its staff, and what beat runs.

The real pages, services and tasks, in this process; the sandbox over HTTP, whose clock
is moved too. `Month.day` lives one day; what must be true afterwards is for the caller.
"""

import io
import random
import re
import uuid
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import mail
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tests import factories
from tryon import services, tasks
from tryon.models import (
    CatalogueImport,
    Export,
    Garment,
    Key,
    PendingDeletion,
    Photo,
    Result,
    Status,
    TryOn,
    User,
)
from tryon.models.states import UNDER_WAY
from tryon.pictures import normalise
from tryon.pictures.normalise import RENDITION_WIDTHS
from tryon.pipeline import budget
from tryon.pipeline.clock import Clock
from tryon.sandbox.jobs import Fault
from tryon.sandbox.server import Server
from tryon.services import catalogue_imports, consents, exports
from vto_site.celery import app

BEGINS = datetime(2026, 10, 18, tzinfo=UTC)  # the clocks change a week later
CUSTOMERS = 6
OPEN = (9, 13, 20)  # hours in which people come
RETENTION = 7  # days
FLAT_FROM = 20  # days: sessions live for fourteen
STEP = 10.0  # seconds between two ticks while something is under way
MOST_STEPS = 2000
PASSWORD = "a long password"
IN_LETTER = re.compile(r"/try-on/([0-9a-f-]{36})/")

# Tables that may grow with the days; all others are flat once the oldest rows go.
GROW = {
    "tryon.DeletionReceipt": "it stays when what it tells of is gone",
    "tryon.CatalogueImport": "what staff took in",
    "tryon.Consent": "a customer's, kept with the account",
    "admin.LogEntry": "what staff did",
    "tryon.RequestTally": "a few rows an hour, for insight",
    "account.EmailAddress": "one an account",
    "tryon.User": "accounts; guests are counted apart",
}


class Month:
    """One shop. `clock`: a time_machine traveller that stands still between steps."""

    def __init__(self, server: Server, clock: Any, jobs_a_day: int, seed: int = 1):
        self.server, self.clock, self.jobs_a_day = server, clock, jobs_a_day
        self.random = random.Random(seed)
        self.asked = 0
        self.told: set[str] = set()  # try-ons of which their owner is to be told
        self.stops = 0  # of the key
        self.admin = User.objects.create_superuser("staff@example.org", PASSWORD)
        self.customers = [self._customer(n) for n in range(CUSTOMERS)]
        self.tops = [factories.garment(sku=f"T-{n}") for n in range(4)]
        self.bottoms = [factories.garment("lower_body", sku=f"B-{n}") for n in range(4)]
        self.guests = 0

    # --- the clock and beat -----------------------------------------------------

    @property
    def now(self) -> datetime:
        return timezone.now()

    def wait(self, seconds: float) -> None:
        self.clock.shift(seconds)
        tasks._clock = Clock()  # it is moved on purpose

    def beat(self) -> None:
        """A tick, and twice what it asks for each minute: the second finds nothing."""
        self.tick()
        tend()
        tend()

    def tick(self) -> None:
        tasks.dispatch()
        self.expect_letters()

    def work(self, patience: timedelta = timedelta(minutes=10)) -> None:
        """Until nothing is under way, or nothing that is will be soon."""
        ends = self.now + patience
        for _ in range(MOST_STEPS):
            self.tick()
            if not TryOn.objects.existing().in_status(UNDER_WAY).exists():
                return
            if self.now > ends:
                return
            self.wait(STEP)
        raise AssertionError("something is under way for ever")

    def go_to(self, moment: datetime) -> None:
        self.wait(max((moment - self.now).total_seconds(), 0))

    # --- a day --------------------------------------------------------------------

    def day(self, number: int) -> None:
        begins = BEGINS + timedelta(days=number)
        self.go_to(begins)
        events = self._events(number)
        for hour in range(24):
            self.go_to(begins + timedelta(hours=hour))
            if hour in OPEN:
                for _ in range(self._arrivals(hour)):
                    self.arrive()
                for act in events[hour]:
                    act()
                self.work()
            if hour % 3 == 0 or hour in OPEN:
                self.beat()

    def _arrivals(self, hour: int) -> int:
        """The day's jobs, evenly over its hours."""
        passed = OPEN.index(hour)
        share = self.jobs_a_day / len(OPEN)
        return round(share * (passed + 1)) - round(share * passed)

    def _events(self, number: int) -> dict[int, list[Callable[[], object]]]:
        planned: dict[int, list[Callable[[], object]]] = {
            9: [self.sign_in, self.guest, self.hand_off],
            13: [self.guest, self.export, self.delete_one],
            20: [(self.unclear, self.guest_signs_in, self.arrive)[number % 3]],
        }
        once = {
            2: self.take_in,
            3: self.out_of_credits,
            4: self.long_line,  # before anybody has asked to be told
            5: self.ask_to_be_told,
            6: self.late,
            8: self.long_line,
            12: self.close_account,
            15: self.late,
            20: self.long_line,
        }
        if number in once:
            planned[20].append(once[number])
        return planned

    # --- people -------------------------------------------------------------------

    def _customer(self, n: int) -> User:
        user = User.objects.create_user(f"c{n}@example.org", PASSWORD)
        user.daily_limit = 100_000
        user.save()
        consents.give(owner=user, now=self.now)
        return user

    def arrive(self, owner: User | None = None) -> TryOn:
        """Somebody tries something on: one piece, or a top and a bottom."""
        self.asked += 1
        owner = owner or self.customers[self.asked % len(self.customers)]
        photo = owner.photos.order_by("-created_at").first()
        fresh = photo is None or photo.created_at < self.now - timedelta(days=1)
        if photo is None or fresh:
            photo = factories.photo(owner, now=self.now)
            tasks.ask_for_renditions(photo)
        top = self.random.choice(self.tops)
        bottom = self.random.choice(self.bottoms) if self.asked % 4 == 0 else None
        try_on, _created = services.create_try_on(
            owner=owner,
            photo=photo,
            outfit=services.Outfit(top, bottom),
            now=self.now,
            again=True,
        )
        return try_on

    def sign_in(self) -> None:
        """Each customer from a new browser: sessions pile up."""
        for n, user in enumerate(self.customers):
            client = Client(REMOTE_ADDR=f"198.51.100.{n}")
            form = {"login": user.email, "password": PASSWORD}
            assert client.post("/account/login/", form).status_code == 302
            for page in ("/try-on/", "/gallery/"):
                assert client.get(page).status_code == 200

    def guest(self) -> Client:
        """Another address each time: what counts them piles up too."""
        self.guests += 1
        address = f"203.0.{self.guests // 250}.{self.guests % 250}"
        client = Client(REMOTE_ADDR=address)
        client.get("/try-on/")
        picture = SimpleUploadedFile("me.jpg", factories.picture_bytes())
        form = {
            "photo_file": picture,
            "consent": "on",
            "top": self.tops[0].pk,
            "token": uuid.uuid4(),
        }
        assert client.post("/try-on/", form).status_code == 302
        return client

    def guest_signs_in(self) -> None:
        client = self.guest()
        self.work()
        user = self.customers[0]
        form = {"login": user.email, "password": PASSWORD}
        assert client.post("/account/login/", form).status_code == 302

    def hand_off(self) -> None:
        """One that is used, and one that nobody scans."""
        owner = self.customers[1]
        _handoff, secret = services.open_handoff(owner=owner, now=self.now)
        found = services.find_handoff(secret=secret, now=self.now)
        assert found is not None
        picture = normalise.read_person(io.BytesIO(factories.picture_bytes()))
        photo = services.use_handoff(handoff=found, picture=picture, now=self.now)
        assert photo is not None
        services.open_handoff(owner=owner, now=self.now)

    def export(self) -> None:
        owner = self.customers[2]
        rows = list(TryOn.objects.visible_to(owner).filter(status=Status.COMPLETED)[:5])
        for made in (
            exports.request_export(owner=owner, try_ons=rows, now=self.now),
            exports.request_everything(owner=owner, now=self.now),
        ):
            tasks.ask_for_export(made)

    def delete_one(self) -> None:
        owner = self.customers[3]
        row = TryOn.objects.visible_to(owner).recent().first()
        photo = owner.photos.order_by("created_at").first()
        if row is not None:
            services.delete_try_ons(owner=owner, try_ons=[row], now=self.now)
        if photo is not None:
            services.delete_photo(photo=photo, now=self.now, by=owner)

    def close_account(self) -> None:
        gone = self.customers.pop()
        services.delete_owner(owner=gone, now=self.now)
        self.customers.append(self._customer(100))

    def ask_to_be_told(self) -> None:
        """Of what is long from now on: nothing that is there already."""
        User.objects.filter(pk__in=[user.pk for user in self.customers[:2]]).update(
            tell_when_done=True
        )

    # --- what goes wrong ----------------------------------------------------------

    def fault(self, name: str, on: str, value: Any = None) -> None:
        with self.server.state.lock:
            self.server.state.faults.append(Fault(name, on=on, next=1, value=value))

    def unclear(self) -> None:
        """An answer is cut off: the customer sends it again, or gives it up."""
        self.work()  # so that it is this one that is cut
        self.fault("cut_after", "submit")
        try_on = self.arrive()
        self.work()
        try_on.refresh_from_db()
        assert try_on.status == Status.UNCONFIRMED
        verb = self.random.choice([services.send_again, services.cancel])
        assert verb(try_on=try_on, now=self.now, by=try_on.owner)
        self.wait(10)  # submits pause after an unclear answer

    def long_line(self) -> None:
        """Staff stop all submits for five minutes while people wait."""
        self.work()  # so that only these wait
        budget.pause_all(on=True, now=self.now)
        waiting = [self.arrive(owner) for owner in self.customers[:3]]
        self.wait(300)
        self.tick()
        budget.pause_all(on=False, now=self.now)
        self.work()
        wished = [one for one in waiting if one.owner and one.owner.tell_when_done]
        assert {str(one.pk) for one in wished} <= self.told

    def late(self) -> None:
        """It takes longer than our patience: whoever waits is told."""
        self.work()
        options = self.server.state.options
        usual, options.seconds = options.seconds, 1500.0
        try_on = self.arrive(self.customers[3])
        self.work(timedelta(seconds=10))
        options.seconds = usual
        self.work(timedelta(hours=2))
        try_on.refresh_from_db()
        assert try_on.status != Status.COMPLETED or str(try_on.pk) in self.told

    def expect_letters(self) -> None:
        """Of what has just come home after long: ten minutes, or two where wished."""
        new = TryOn.objects.existing().filter(
            status=Status.COMPLETED, finished_at=self.now, owner__email__isnull=False
        )
        for row in new.select_related("owner"):
            assert row.finished_at and row.submitted_at and row.owner
            promised = row.finished_at - row.submitted_at > timedelta(minutes=10)
            took = row.finished_at - row.created_at
            if promised or (row.owner.tell_when_done and took > timedelta(minutes=2)):
                self.told.add(str(row.pk))

    def out_of_credits(self) -> None:
        """The key stops; an hour later staff have bought some."""
        self.work()
        self.fault("status", "submit", 402)
        self.arrive()
        self.work(timedelta(seconds=30))
        self.beat()
        self.stops += 1
        self.wait(3600)
        self.beat()
        for key in Key.objects.all():
            budget.start_key(key, self.now)

    def take_in(self) -> None:
        """A zip of the catalogue, looked through and then taken in."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            rows = "sku,name,kind,file\nZ-1,Coat,upper_body,z.jpg\nZ-2,,hat,no.jpg\n"
            archive.writestr("catalogue.csv", rows)
            archive.writestr("z.jpg", factories.picture_bytes())
        made = catalogue_imports.request_import(
            by=self.admin, file=ContentFile(out.getvalue()), now=self.now
        )
        tasks.ask_for_import(made)
        made.refresh_from_db()
        assert catalogue_imports.begin_import(row=made)
        tasks.ask_for_import(made)
        made.refresh_from_db()
        assert (made.state, made.new) == (CatalogueImport.State.DONE, 1)


def tend() -> None:
    """All that beat asks for besides the ticks, one after the other."""
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        if name != "dispatch":
            app.tasks[entry["task"]]()


# --- what must be true afterwards ---------------------------------------------------


def rows_by_table() -> dict[str, int]:
    """How long each table is, and of some what its rows are."""
    told = {
        model._meta.label: model._default_manager.count() for model in apps.get_models()
    }
    told["guests"] = User.objects.guests().count()
    told["tombstones"] = TryOn.objects.filter(deleted_at__isnull=False).count()
    return told


def grown(before: dict[str, int], after: dict[str, int]) -> dict[str, tuple[int, int]]:
    """Tables that are longer than the ups and downs of a shop's days explain."""
    return {
        name: (before[name], after[name])
        for name in after
        if name not in GROW and after[name] > before[name] * 1.25 + 6
    }


def expected_files() -> set[str]:
    """The names that the rows stand for."""
    names = set()
    for model in (Photo, Garment, Result):
        row: Any
        for row in model.objects.all():
            names.add(row.file_name)
            if row.renditions_at is not None:
                names |= {row.rendition_name(width) for width in RENDITION_WIDTHS}
            if getattr(row, "changed_outside", None) is not None:
                names.add(row.changes_name)
    names |= set(
        Export.objects.exclude(file_name="").values_list("file_name", flat=True)
    )
    kept = CatalogueImport.objects.exclude(state=CatalogueImport.State.DONE)
    names |= set(kept.values_list("file_name", flat=True))
    return names


def letters() -> tuple[Counter[str], int]:
    """How often each try-on was told of, and how many letters were of a key."""
    told: Counter[str] = Counter()
    keys = 0
    for letter in mail.outbox:
        found = IN_LETTER.search(str(letter.body))
        if found:
            told[found[1]] += 1
        elif "/admin/tryon/key/" in str(letter.body):
            keys += 1
    return told, keys


def check_files(day: int) -> list[str]:
    """At night, when nobody is at work: each file has its row, each row its files."""
    folders, files = default_storage.listdir("")
    there, wanted = {*folders, *files}, expected_files()
    found = []
    if there - wanted:
        found.append(f"day {day}: files without a row: {sorted(there - wanted)[:5]}")
    if wanted - there:
        found.append(f"day {day}: rows without a file: {sorted(wanted - there)[:5]}")
    waiting = PendingDeletion.objects.count()
    if waiting:
        found.append(f"day {day}: {waiting} files wait to be deleted")
    return found


def check_letters(month: Month) -> list[str]:
    told, keys = letters()
    found = []
    twice = [pk for pk, count in told.items() if count > 1]
    if twice:
        found.append(f"told twice: {len(twice)} of {len(told)} try-ons")
    if told.keys() - month.told:
        found.append(f"told unasked: {len(told.keys() - month.told)} try-ons")
    if month.told - told.keys():
        found.append(f"not told: {len(month.told - told.keys())} try-ons")
    if keys != month.stops:
        found.append(f"{keys} letters of {month.stops} stops of the key")
    return found


def live(month: Month, days: int, tell: Callable[[str], None] = print) -> list[str]:
    """So many days, one after the other; returns what was wrong, in sentences."""
    found: list[str] = []
    at: dict[int, dict[str, int]] = {}
    for number in range(1, days + 1):
        month.day(number)
        night = BEGINS + timedelta(days=number + 1, hours=3)
        month.go_to(night)
        month.beat()
        found += check_files(number)
        if number % 10 == 0:
            at[number] = rows_by_table()
            tell(f"day {number}: {at[number]}")
    for before, after in pairwise(sorted(at)):
        if before >= FLAT_FROM:
            longer = grown(at[before], at[after])
            found += [
                f"{name} grew from {first} to {last} between day {before} and {after}"
                for name, (first, last) in longer.items()
            ]
    found += check_letters(month)
    open_ones = TryOn.objects.existing().in_status(UNDER_WAY).count()
    if open_ones:
        found.append(f"{open_ones} try-ons are still under way")
    if month.server.state.counts.refused_429:
        found.append(f"{month.server.state.counts.refused_429} requests were too many")
    return found
