"""The gallery of an owner with 100 and with 100,000 results; and a page's pictures.

``python -m tests.bench.gallery``: server time of the first page and of the 1,000th
(the 60,000th picture), queries, and 60 media requests cold and warm.
"""

import os
import statistics
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta

os.environ.update(
    ENV_FILE="",
    DEBUG="1",
    DATA_DIR=tempfile.mkdtemp(prefix="bench-"),
    DJANGO_SETTINGS_MODULE="vto_site.settings",
)

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories
from tryon import services
from tryon.models import Photo, Result, Status, TryOn, User

ROUNDS = 15
NOW = datetime.now(UTC)
BATCH = 5000


def fill(owner: User, photo: Photo, count: int) -> None:
    """`count` completed try-ons, a minute apart; all of one garment and one file."""
    piece = factories.garment(sku=uuid.uuid4().hex)
    done = {
        "status": Status.COMPLETED,
        "remote_id": "r",
        "submitted_at": NOW,
        "finished_at": NOW,
    }
    for start in range(0, count, BATCH):
        rows = [
            TryOn(
                owner=owner,
                photo=photo,
                garment=piece,
                mode="single",
                garment_kind="upper_body",
                created_at=NOW - timedelta(minutes=n),
                **done,
            )
            for n in range(start, min(start + BATCH, count))
        ]
        TryOn.objects.bulk_create(rows)
        Result.objects.bulk_create(
            Result(
                try_on=row,
                created_at=NOW,
                renditions_at=NOW,
                stem=f"result-{uuid.uuid4().hex[:22]}",
                width=3,
                height=4,
                mean_color="#888888",
            )
            for row in rows
        )


def measure(client: Client, address: str) -> tuple[float, int]:
    """Median milliseconds of the whole request, and its queries."""
    times, queries = [], 0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        times.append((time.perf_counter() - started) * 1000)
        queries = len(captured)
    return statistics.median(times), queries


def gallery() -> bool:
    """Whether a figure was missed."""
    few, many = (User.objects.create_user(f"{n}@example.org") for n in ("few", "many"))
    clients = {}
    for owner, count in ((few, 100), (many, 100_000)):
        fill(owner, factories.photo(owner), count)
        clients[owner] = Client()
        clients[owner].force_login(owner)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    deep = TryOn.objects.filter(owner=many).recent()[59_940]
    key = f"{deep.created_at.isoformat()}_{deep.pk}".replace("+", "%2B")
    base, _ = measure(clients[few], "/gallery/")
    missed = False
    print("| gallery | ms | of 100's | queries | required |")
    print("|---|---|---|---|---|")
    for name, owner, address in (
        ("of 100", few, "/gallery/"),
        ("of 100,000", many, "/gallery/"),
        ("of 100,000, page 1,000", many, f"/gallery/?before={key}"),
    ):
        ms, queries = measure(clients[owner], address)
        print(f"| {name} | {ms:.1f} | {ms / base:.2f} | {queries} | ≤ 1.3, ≤ 8 |")
        missed = missed or ms > base * 1.3 or queries > 8
    return missed


def media() -> None:
    """60 pictures of 480 px, as the gallery's grid asks for them."""
    owner = User.objects.create_user("media@example.org")
    photos = [factories.photo(owner) for _ in range(60)]
    for photo in photos:
        services.make_renditions(row=photo, now=NOW)
    client = Client()
    client.force_login(owner)
    tags: dict[str, str] = {}
    print("\n| 60 pictures | requests | ms for all | answers |")
    print("|---|---|---|---|")
    for name in ("cold", "asked again"):
        started, codes = time.perf_counter(), set()
        for photo in photos:
            address = photo.small_url
            headers = {"If-None-Match": tags[address]} if address in tags else {}
            response = client.get(address, headers=headers)
            codes.add(response.status_code)
            b"".join(response)  # reads the file
            tags[address] = response["ETag"]
        ms = (time.perf_counter() - started) * 1000
        print(f"| {name} | 60 | {ms:.0f} | {sorted(codes)} |")
    print("| within a day | 0 | 0 | from the browser's cache (immutable) |")


def main() -> int:
    settings.ALLOWED_HOSTS, settings.DEBUG = ["*"], False
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    missed = gallery()
    media()
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
