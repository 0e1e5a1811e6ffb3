"""One planning pass: queries and milliseconds by the length of the queue.

``python -m tests.bench.planning``; each pass is rolled back, so all are alike. With
`--aged` in a shop of years (`tests.bench.past`).
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

from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.bench import past
from tryon.models import Key, TryOn, User
from tryon.models.states import FINAL
from tryon.pipeline import budget, planner
from tryon.pipeline.clock import Clock

PASSES = 15
MOST = 50  # ms, with 10,000 queued and 500 in flight


def fill(queued: int, in_flight: int, owners: list[User], piece, photo) -> None:
    now = datetime.now(UTC)
    key = budget.known_keys(now)[0]
    TryOn.objects.exclude(status__in=FINAL).delete()

    def row(n: int, **fields) -> TryOn:
        return TryOn(
            owner=owners[n % len(owners)],
            photo=photo,
            garment=piece,
            mode="single",
            garment_kind="upper_body",
            token=uuid.uuid4(),
            created_at=now - timedelta(seconds=n),
            **fields,
        )

    flying = {
        "status": "processing",
        "remote_id": "r",
        "key": key,
        "submitted_at": now - timedelta(seconds=9),
        "last_polled_at": now - timedelta(seconds=3),
    }
    rows = [row(n) for n in range(queued)]
    rows += [row(n, **flying) for n in range(in_flight)]
    TryOn.objects.bulk_create(rows, batch_size=500)


def measure(bucket: float) -> tuple[float, int]:
    """With an empty bucket nothing is sent, so queries are those of the looking."""
    times, queries = [], 0
    for _ in range(PASSES):
        with transaction.atomic():
            Key.objects.update(bucket_level=bucket, bucket_at=datetime.now(UTC))
            started = time.perf_counter()
            with CaptureQueriesContext(connection) as captured:
                planner.tick(Clock(lambda: datetime.now(UTC)))
            times.append((time.perf_counter() - started) * 1000)
            queries = len(captured)
            transaction.set_rollback(True)
    return statistics.median(times), queries


def main() -> int:
    call_command("migrate", verbosity=0)
    if "--aged" in sys.argv:
        past.fill(past.AGED, datetime.now(UTC))
    owners = [User.objects.create_user(f"o{n}@example.org") for n in range(200)]
    photo, piece = factories.photo(owners[0]), factories.garment(sku="P-1")
    told = []
    print("| queued | in flight | queries | ms a pass | ms with 10 requests reserved |")
    print("|---" * 5 + "|")
    for queued, in_flight in ((100, 20), (100, 500), (10_000, 20), (10_000, 500)):
        fill(queued, in_flight, owners, piece, photo)
        ms, queries = measure(bucket=0)
        full, _ = measure(bucket=10)
        print(f"| {queued} | {in_flight} | {queries} | {ms:.1f} | {full:.1f} |")
        told.append((ms, queries))
    return int(told[-1][0] > MOST or len({queries for _ms, queries in told}) > 1)


if __name__ == "__main__":
    sys.exit(main())
