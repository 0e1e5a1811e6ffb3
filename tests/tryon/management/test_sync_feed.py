"""`manage.py sync_feed`: addresses, files, all that are on; killed, and run again."""

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.tryon.feeds.conftest import shop, sync
from tests.tryon.feeds.shop import RSS, opened
from tryon.models import Feed, FeedItem, Garment
from vto_site.env import BASE_DIR

__all__ = ["shop", "sync"]
KEYS = {
    "new", "changed", "pictures_replaced", "unchanged", "retired", "back", "left_out",
    "problems", "notes",
}  # fmt: skip


def test_the_report_has_what_was_promised(shop, sync):
    shop.serve_items(shop.item("A"), shop.item("B", title=""))
    code, told = sync()
    assert code == 1 and set(told) == KEYS
    assert told["problems"] == [
        {"line": 5, "sku": "B", "sentence": "no name: the item has no title"}
    ]


def test_for_people(shop, capsys):
    shop.serve_items(shop.item("A"), shop.item("B", google_product_category="187"))
    call_command("sync_feed", shop.address)
    out, told = capsys.readouterr()
    assert out == (
        "1 new, 0 changed, 0 pictures replaced, 0 unchanged, 0 retired, 0 back, "
        "1 left out, 0 not\n"
    )
    assert told == "Left out: 1 shoes.\n"
    shop.serve_items(shop.item(""))
    with pytest.raises(SystemExit) as end:
        call_command("sync_feed", shop.address)
    assert end.value.code == 1
    assert "line 4: no SKU" in capsys.readouterr().err


def test_a_dry_run_changes_nothing_and_says_the_same(shop, sync):
    shop.serve_items(shop.item("A"), shop.item("B"), shop.item("C"), shop.item(""))
    code, told = sync("--dry-run")
    assert (code, told["new"], len(told["problems"])) == (1, 3, 1)
    assert not Feed.objects.exists() and not Garment.objects.exists()
    assert shop.count() == 0
    assert sync()[1] == told
    shop.serve_items(
        shop.item("A", title="Other", item_group_id="G"),
        shop.item("B", image_link=shop.add_picture("n.jpg")),
        shop.item("D", item_group_id="G", image_link=f"{shop.url}/A.jpg"),
        shop.item("E", google_product_category="187"),
    )
    before = list(FeedItem.objects.order_by("pk").values())
    code, told = sync("--dry-run")
    assert list(FeedItem.objects.order_by("pk").values()) == before
    assert Feed.objects.get().state == "waiting"
    assert sync() == (code, told)
    assert (told["changed"], told["pictures_replaced"], told["retired"]) == (1, 1, 1)
    shop.serve_items(shop.item("C"))
    assert sync("--dry-run")[1]["back"] == 1
    assert sync()[1]["back"] == 1


def test_from_a_file(shop, sync, tmp_path, media_files):
    file = tmp_path / "feed.xml"
    file.write_text(RSS + shop.item("A") + "</channel></rss>")
    assert sync("--dry-run", source=str(file))[1]["new"] == 1
    assert sync(source=str(file))[1]["new"] == 1
    file.write_text(RSS + shop.item("A") + shop.item("B") + "</channel></rss>")
    assert sync("--dry-run", source=str(file))[1]["new"] == 1
    assert sync(source=str(file))[1]["new"] == 1
    feed = Feed.objects.get()
    assert feed.name == str(file) and not feed.is_on
    file.write_text("no feed")
    code, told = sync(source=str(file))
    assert code == 2 and "neither" in told["problems"][0]["sentence"]


LONG = "https://a.example/" + "x" * 600


@pytest.mark.parametrize(
    "source", ["nothing", ".", "http://", "http://127.0.0.1:9/", LONG]
)
def test_what_is_not_there(shop, sync, source):
    code, told = sync(source=source)
    assert code == 2 and source[:20] in told["problems"][0]["sentence"]
    assert sync("--dry-run", source=source)[0] == 2
    assert not Feed.objects.exists()


def test_all_that_are_on(shop):
    shop.serve_items(shop.item("A"))
    shop.answers["/b"] = shop.answers["/feed"]
    shop.serve_items(shop.item("B"), shop.item(""), path="/b")
    for name, path, is_on in (("1", "feed", True), ("2", "b", True), ("3", "x", False)):
        Feed.objects.create(name=name, address=f"{shop.url}/{path}", is_on=is_on)
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("sync_feed", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert (told["new"], len(told["problems"])) == (2, 1)


def test_the_feed_that_the_admin_has_made(shop, sync):
    Feed.objects.create(name="My shop", address=shop.address)
    shop.serve_items(shop.item("A"))
    assert sync()[0] == 0
    assert Feed.objects.get().name == "My shop"


# --- killed ---------------------------------------------------------------------------


def end_lease(folder: Path) -> None:
    """As if its 15 seconds were over."""
    (database,) = folder.glob("*.sqlite3")
    with contextlib.closing(sqlite3.connect(database, timeout=20)) as connection:
        connection.execute("UPDATE tryon_feed SET claimed_at = '2026-01-01'")
        connection.commit()


@pytest.mark.anywhere
def test_killed_again_and_again_it_ends_the_same(tmp_path: Path):
    """Processes of their own, ended with SIGKILL at any moment."""
    environment = {
        **os.environ,
        "ENV_FILE": "",
        "DEBUG": "1",
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "vto_site.settings",
        "CELERY_BROKER_URL": "memory://",
    }
    for name in ("DATABASE_URL", "AWS_STORAGE_BUCKET_NAME"):
        environment.pop(name, None)

    def manage(*args: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "manage.py", *args],
            cwd=BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    assert manage("migrate", "-v0").wait() == 0
    chance = random.Random(16)
    with opened() as shop:
        shop.delay = 0.02
        names = [f"A{n}" for n in range(40)]
        shop.serve_items(*map(shop.item, names))
        for _time in range(3):
            running = manage("sync_feed", "--json", shop.address)
            began = time.monotonic()
            asked = sum(shop.asked.values())
            while sum(shop.asked.values()) < asked + chance.randint(2, 14):
                assert running.poll() is None and time.monotonic() - began < 60
                time.sleep(0.01)
            running.send_signal(signal.SIGKILL)
            running.wait()
            end_lease(tmp_path)
        last = manage("sync_feed", "--json", shop.address)
        told = json.loads(last.communicate(timeout=120)[0])
    assert last.returncode == 0 and told["problems"] == []
    query = (
        "from tryon.models import *; "
        "print(Garment.objects.catalogue().count(), Garment.objects.count(), "
        "FeedItem.objects.filter(brought=True, garment__isnull=False).count())"
    )
    out, _ = manage("shell", "-v0", "-c", query).communicate(timeout=60)
    assert out.split() == ["40", "40", "40"]
