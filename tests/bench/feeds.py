"""A product feed of 10,000 and of 100,000 items: seconds, memory, pictures fetched.

``python -m tests.bench.feeds``: each in a process of its own, whose highest resident
memory Linux tells (VmHWM). A feed has a kilobyte an item, as shops' feeds do. Whoever
has read it once has nothing to do: no picture, no write.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="bench-"))
os.environ.update(
    ENV_FILE="",
    DEBUG="1",
    CELERY_BROKER_URL="memory://",
    DJANGO_SETTINGS_MODULE="vto_site.settings",
)

import django

django.setup()

from django.core.management import call_command
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from tests.tryon.feeds.shop import RSS, Shop, opened
from tryon import feeds
from tryon.feeds import sync
from tryon.models import Feed, FeedItem, Garment

MOST_SECONDS, MOST_MB = 20, 300  # for 10,000 and for 100,000 items
BATCH = 2000
DESCRIPTION = "A dress of washed linen, with pockets, made in Portugal. " * 10


def make_feed(shop: Shop, count: int) -> None:
    items = (
        f"<item><g:id>shop_{n:06}</g:id><g:title>Linen dress, colour {n}</g:title>"
        f"<g:description>{DESCRIPTION}</g:description>"
        f"<g:link>https://shop.example.org/products/linen?variant={n}</g:link>"
        f"<g:image_link>{shop.url}/{n}.jpg</g:image_link>"
        f"<g:availability>in_stock</g:availability><g:price>{n % 90}.00 EUR</g:price>"
        f"<g:google_product_category>2271</g:google_product_category>"
        f"<g:product_type>Women &gt; Dresses</g:product_type></item>\n"
        for n in range(count)
    )
    shop.serve(RSS + "".join(items) + "</channel></rss>")


# --- in a process of its own ----------------------------------------------------------


def peak() -> int:
    """Megabytes; since the program was begun, unlike getrusage's."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) // 1024 if found else 0


def look(address: str) -> None:
    outcome = feeds.look_at(Feed(name=address, address=address))
    assert outcome.new > 0


def read(address: str) -> None:
    """All of it is new; pictures would take hours, and are left to the next step."""
    feed = Feed.objects.create(name=address, address=address)
    feeds.request_sync(feed=feed, now=timezone.now())
    claimed = Feed.take(feed.pk, timezone.now())
    assert claimed is not None
    sync._read(claimed, lambda: None)
    claimed.end(state=Feed.State.WAITING)


def link(address: str) -> None:
    """As if the pictures had been taken in."""
    feed, now = Feed.objects.get(address=address), timezone.now()
    rows = FeedItem.objects.filter(feed=feed)
    pieces = (
        Garment(
            kind=row.kind, name=row.name, sku=row.sku, product_url=row.product_url,
            stem=f"garment-{row.sku}", width=768, height=1024, created_at=now,
            renditions_at=now, source_sha256=row.digest, mean_color="#ffffff",
        )
        for row in rows.iterator()
    )  # fmt: skip
    while some := list(islice(pieces, BATCH)):
        Garment.objects.bulk_create(some)
    piece = Garment.objects.filter(owner=None, sku=OuterRef("sku")).exclude(sku="")
    rows.update(
        garment=Subquery(piece.values("pk")[:1]),
        picture_url=F("image_link"),
        brought=True,
        pending=False,
    )


def again(address: str) -> None:
    call_command("sync_feed", address)
    report = Feed.objects.get(address=address).report
    told = {name: n for name, n in report.items() if n}
    assert set(told) == {"unchanged"}, told


STEPS = {"look": look, "read": read, "link": link, "again": again}


def measure(step: str, address: str) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.feeds", step, address]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def main() -> int:
    if len(sys.argv) == 3:
        before, began = peak(), time.perf_counter()
        STEPS[sys.argv[1]](sys.argv[2])
        seconds = round(time.perf_counter() - began, 1)
        print(json.dumps({"seconds": seconds, "mb": peak(), "before": before}))
        return 0
    sound = True
    print("| items | | seconds | MB | pictures fetched |")
    print("|---|---|---|---|---|")
    for count in (10_000, 100_000):
        with opened() as shop, tempfile.TemporaryDirectory(prefix="bench-") as folder:
            os.environ["DATA_DIR"] = folder
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
            make_feed(shop, count)
            for step, told in (
                ("look", "dry run, all new"),
                ("read", "read, all new"),
                ("link", ""),
                ("again", "unchanged"),
            ):
                found = measure(step, shop.address)
                if told:
                    row = (f"{count:,}", told, found["seconds"], found["mb"])
                    cells = " | ".join(map(str, (*row, shop.count())))
                    print(f"| {cells} |", flush=True)
                    sound &= found["mb"] < MOST_MB and not shop.count()
                if step == "again" and count == 10_000:
                    sound &= found["seconds"] < MOST_SECONDS
    return int(not sound)


if __name__ == "__main__":
    sys.exit(main())
