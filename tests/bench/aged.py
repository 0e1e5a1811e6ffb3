"""The same pages, ticks and clean-up in a fresh shop and in one of years, side by side.

``python -m tests.bench.aged [--share 1] [--database URL]``: fills two databases (files,
or on the server of URL, as ``python -m tests.servers`` names it), then measures both
in turn. A miss is more than 1.5 times as long, or a tick of 50 ms and more.
"""

import argparse
import gc
import json
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

parser = argparse.ArgumentParser()
parser.add_argument("--share", type=float, default=1, help="of the aged shop's rows")
parser.add_argument("--database", default=os.environ.get("TEST_DATABASE_URL", ""))
parser.add_argument("--rounds", type=int, default=15)
options = parser.parse_args()
DATA_DIR = tempfile.mkdtemp(prefix="bench-")
os.environ.update(
    ENV_FILE="",
    DEBUG="1",
    DATA_DIR=DATA_DIR,
    DATABASE_URL=options.database,
    DJANGO_SETTINGS_MODULE="vto_site.settings",
)

import django

django.setup()

from celery import current_app
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import databases, factories
from tests.bench import past
from tests.month import tend
from tryon.models import ApiRequest, Key, Planner, Result, TryOn, User
from tryon.pipeline import planner
from tryon.pipeline.clock import Clock
from tryon.presentation import progress
from tryon.web import poll_token

MOST_TIMES, MOST_TICK = 1.5, 50  # as long as in the fresh shop; ms
BLOCKS = 3  # of rounds, one shop after the other
QUEUED, FLYING = 10_000, 500
KEPT = timedelta(days=6)  # less than the ledger keeps
PAGES = {
    "compose": "/try-on/",
    "gallery of 60": "/gallery/",
    "a picture": "/try-on/{done}/",
}
LISTS = ("tryon", "result", "photo", "garment", "user", "apirequest", "key")
STAFF = {f"admin: {name}": f"/admin/tryon/{name}/" for name in LISTS} | {
    "admin: health": "/admin/tryon/key/health/",
    "admin: insight": "/admin/tryon/catalogueimport/insight/?days=30",
    "admin: garment health": "/admin/tryon/catalogueimport/garments/?days=30",
    "admin: review": "/admin/tryon/result/review/",
}


@dataclass
class Shop:
    """One database, and the customer who is looked at: of 60 pictures."""

    name: str
    size: past.Size
    database: str
    customer: Client = field(default_factory=Client)
    staff: Client = field(default_factory=Client)
    done: uuid.UUID | None = None
    cards: list[str] = field(default_factory=list)
    token: str = ""
    secret: str = ""  # of a key of the REST API
    asked: str = ""  # a try-on of one of its customers
    wanted: dict[str, str] = field(default_factory=dict)

    def enter(self) -> None:
        """All that follows happens here; nothing is known of the other shop."""
        connection.close()
        connection.settings_dict["NAME"] = self.database
        ContentType.objects.clear_cache()
        forget()


def forget() -> None:
    """What a process remembers for a moment or two."""
    progress.recent_shop.forget()


def just_sent() -> None:
    """The card that is being made: as old in both shops."""
    now = datetime.now(UTC)
    TryOn.objects.filter(status="processing").update(
        submitted_at=now - timedelta(seconds=9),
        last_polled_at=now - timedelta(seconds=3),
    )


def keep_tended() -> None:
    """What years have piled up is not the work of this minute."""
    ApiRequest.objects.filter(answered_at__lt=datetime.now(UTC) - KEPT).delete()
    past.vacuum()
    tend()


def shops() -> list[Shop]:
    wanted = {"fresh": past.FRESH, "aged": past.AGED}
    made = []
    for name, size in wanted.items():
        database = f"{DATA_DIR}/{name}.sqlite3"
        if options.database:
            address = databases.create(
                options.database, f"bench-{name}-{uuid.uuid4().hex[:8]}"
            )
            database = address.rpartition("/")[2]
        made.append(Shop(name, size.times(options.share), database))
    return made


def fill(shop: Shop) -> None:
    started = time.monotonic()
    shop.enter()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    past.fill(shop.size, datetime.now(UTC))
    shop.staff.force_login(User.objects.create_superuser("staff@example.org"))
    _ordinary_customer(shop)
    _customer_of_the_api(shop)
    with transaction.atomic():
        Planner.lock()  # a shop has planned before
    seconds = time.monotonic() - started
    print(f"{shop.name}: {shop.size}, {seconds:.0f} s", file=sys.stderr)


def _ordinary_customer(shop: Shop) -> None:
    now = datetime.now(UTC)
    owner = User.objects.create_user("ordinary@example.org")
    photos = [factories.photo(owner) for _ in range(6)]
    pieces = list(past.Garment.objects.catalogue().order_by("sku")[:6])
    key = Key.objects.get()
    sent = {"key": key, "remote_id": "r", "submitted_at": now, "last_polled_at": now}
    states = [("completed", {**sent, "finished_at": now})] * 60
    states += [("processing", sent), ("queued", {})]
    made = [
        TryOn(
            owner=owner,
            photo=photos[n % 6],
            garment=pieces[n // 10 % 6],
            mode="single",
            garment_kind=pieces[n // 10 % 6].kind,
            status=status,
            created_at=now - timedelta(hours=10 * (61 - n)),
            **columns,
        )
        for n, (status, columns) in enumerate(states)
    ]
    TryOn.objects.bulk_create(made)
    Result.objects.bulk_create(
        Result(
            try_on=row,
            created_at=row.created_at,
            renditions_at=now,
            seen_at=now,
            stem=f"result-{uuid.uuid4().hex[:22]}",
            width=3,
            height=4,
            mean_color="#888888",
        )
        for row in made[:60]
    )
    shop.customer.force_login(owner)
    shop.token = poll_token.sign_owner(owner)
    shop.done = made[30].pk
    shop.cards = [f"{row.pk}:{row.status}" for row in made[-2:]]


def _customer_of_the_api(shop: Shop) -> None:
    """With 60 try-ons like the ordinary one's, and one more to ask for."""
    now = datetime.now(UTC)
    shop.secret = factories.shop_key(label="Bench")
    ordinary = User.objects.get(email="ordinary@example.org")
    owner = factories.customer("bench")
    for row in ordinary.try_ons.order_by("created_at"):
        row.pk, row.owner, row.token = uuid.uuid4(), owner, uuid.uuid4()
        row.photo = None if row.finished_at else row.photo
        row.save(force_insert=True)
    photo = factories.photo(owner, now=now)
    piece = past.Garment.objects.catalogue().order_by("sku")[0]
    shop.wanted = {"photo": str(photo.pk), "garment": piece.sku, "customer": "bench"}
    shop.asked = str(owner.try_ons.order_by("created_at")[30].pk)


def call(shop: Shop, method: str, path: str, status: int, **sent: Any) -> str:
    """One request of a program; its ETag."""
    response = Client().generic(
        method,
        f"/api/v1{path}",
        json.dumps(sent.get("json", "")) if "json" in sent else "",
        content_type="application/json",
        headers={
            "Authorization": f"Bearer {shop.secret}",
            **sent.get("headers", {}),
        },
    )
    assert response.status_code == status, (path, response.content[:300])
    return response.get("ETag", "")


def ask_for_one(shop: Shop) -> None:
    """Undone again, so that all are alike."""
    with transaction.atomic():
        call(shop, "POST", "/try-ons", 202, json=shop.wanted)
        transaction.set_rollback(True)


def measure_api(both: list[Shop]) -> Iterator["Told"]:
    one = {shop.name: f"/try-ons/{shop.asked}" for shop in both}
    etags = {}
    for shop in both:
        shop.enter()
        etags[shop.name] = call(shop, "GET", one[shop.name], 200)
    known = {name: {"If-None-Match": etag} for name, etag in etags.items()}
    yield measure(
        "API: a try-on, unchanged",
        both,
        lambda s: call(s, "GET", one[s.name], 304, headers=known[s.name]),
    )
    for what, path in {
        "API: a try-on": "",
        "API: 50 try-ons": "/try-ons?customer=bench",
        "API: 50 garments": "/garments",
        "API: limits": "/limits",
    }.items():
        yield measure(
            what, both, lambda s, p=path: call(s, "GET", p or one[s.name], 200)
        )
    yield measure("API: asked for a picture", both, ask_for_one)


def queue(count: int, flying: int) -> None:
    """Nothing but these is under way."""
    TryOn.objects.exclude(finished_at__isnull=False).delete()
    now, key = datetime.now(UTC), Key.objects.get()
    owners = User.objects.filter(email__startswith="c", photos__isnull=False)
    owned = list(owners.order_by("pk").values_list("pk", "photos")[:150])
    piece = past.Garment.objects.catalogue().filter(kind="upper_body")[0]
    sent = {
        "status": "processing",
        "remote_id": "r",
        "key": key,
        "submitted_at": now - timedelta(seconds=9),
        "last_polled_at": now - timedelta(seconds=3),
    }
    rows = [
        TryOn(
            owner_id=owned[n % len(owned)][0],
            photo_id=owned[n % len(owned)][1],
            garment=piece,
            mode="single",
            garment_kind="upper_body",
            created_at=now - timedelta(seconds=n),
            **(sent if n < flying else {}),
        )
        for n in range(count + flying)
    ]
    TryOn.objects.bulk_create(rows, batch_size=500)


def tick() -> None:
    """A pass with room for ten requests; undone again, so that all are alike."""
    with transaction.atomic():
        Key.objects.update(bucket_level=10, bucket_at=datetime.now(UTC))
        planner.tick(Clock(lambda: datetime.now(UTC)))
        transaction.set_rollback(True)


def ask(client: Client, address: str, **query: object) -> None:
    response = client.get(address, query or None)
    assert response.status_code == 200, (address, response.status_code)


@dataclass
class Told:
    """One row of the table."""

    what: str
    ms: dict[str, list[float]]
    queries: dict[str, int]
    is_tick: bool

    def medians(self) -> tuple[float, float]:
        fresh, aged = (statistics.median(times) for times in self.ms.values())
        return fresh, aged

    @property
    def missed(self) -> bool:
        fresh, aged = self.medians()
        slow = (
            self.is_tick and max(max(times) for times in self.ms.values()) > MOST_TICK
        )
        return slow or aged > fresh * MOST_TIMES

    def __str__(self) -> str:
        fresh, aged = self.medians()
        queries = " / ".join(str(count) for count in self.queries.values())
        most = max(max(times) for times in self.ms.values())
        return (
            f"| {self.what} | {fresh:.1f} | {aged:.1f} | {aged / fresh:.2f} | "
            f"{most:.1f} | {queries} | {'MISSED' if self.missed else 'ok'} |"
        )


def measure(
    what: str, both: list[Shop], act: Callable[[Shop], None], is_tick: bool = False
) -> Told:
    ms: dict[str, list[float]] = {shop.name: [] for shop in both}
    queries = {}
    blocks = min(BLOCKS, options.rounds)
    for _ in range(blocks):
        for shop in both:
            shop.enter()
            with CaptureQueriesContext(connection) as captured:
                act(shop)
            queries[shop.name] = len(captured)
            gc.collect()
            for _ in range(-(-options.rounds // blocks)):
                forget()
                started = time.perf_counter()
                act(shop)
                ms[shop.name].append((time.perf_counter() - started) * 1000)
    told = Told(what, ms, queries, is_tick)
    print(told, flush=True)
    return told


def in_each(both: list[Shop], act: Callable[[], None]) -> None:
    for shop in both:
        shop.enter()
        act()


def main() -> int:
    settings.ALLOWED_HOSTS, settings.DEBUG = ["*"], False
    current_app.conf.task_always_eager = True
    both = shops()
    for shop in both:
        fill(shop)
    print("| what | fresh ms | aged ms | times | most ms | queries | verdict |")
    print("|---" * 7 + "|")
    told = []
    in_each(both, just_sent)
    for what, address in PAGES.items():
        told.append(
            measure(
                what, both, lambda s, a=address: ask(s.customer, a.format(done=s.done))
            )
        )
    look = "/try-on/updates/"
    told.append(
        measure(
            "waiting page, unchanged",
            both,
            lambda s: ask(s.customer, look, card=s.cards, token=s.token),
        )
    )
    other = [f"{uuid.UUID(int=0)}:queued"]
    told.append(
        measure(
            "waiting page, changed",
            both,
            lambda s: ask(
                s.customer,
                look,
                card=[f"{card.partition(':')[0]}:submitting" for card in s.cards]
                + other,
                token=s.token,
            ),
        )
    )
    told += measure_api(both)
    for what, address in STAFF.items():
        told.append(measure(what, both, lambda s, a=address: ask(s.staff, a)))
    in_each(both, lambda: queue(0, 0))
    told.append(measure("tick, nothing to do", both, lambda s: tick(), is_tick=True))
    in_each(both, lambda: queue(QUEUED, FLYING))
    told.append(measure("tick, 10,000 queued", both, lambda s: tick(), is_tick=True))
    in_each(both, lambda: queue(0, 0))
    in_each(both, keep_tended)
    told.append(measure("tend", both, lambda s: tend()))
    return int(any(row.missed for row in told))


if __name__ == "__main__":
    sys.exit(main())
