"""Backup, wipe, restore, as docs/operations.md says: every byte is back."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import databases, servers
from tests.conftest import missing_server
from tests.faults.jobs import queue
from tests.live import LiveSite, live_site

pytestmark = [pytest.mark.anywhere, pytest.mark.timeout(400)]

WHAT_IS_THERE = """
import hashlib, json
from tryon.pictures import storage
from tryon.models import Garment, Photo, Result, TryOn
rows = [*Photo.objects.all(), *Garment.objects.all(), *Result.objects.all()]
names = sorted(name for row in rows for name in row.file_names)
print(json.dumps({
    "files": {n: hashlib.sha256(storage.read(n)).hexdigest() for n in names},
    "try_ons": sorted(map(str, TryOn.objects.values_list("pk", "created_at"))),
}))
"""
UNRENDERED = """
SELECT (SELECT COUNT(*) FROM tryon_photo WHERE renditions_at IS NULL)
     + (SELECT COUNT(*) FROM tryon_garment WHERE renditions_at IS NULL)
     + (SELECT COUNT(*) FROM tryon_result WHERE renditions_at IS NULL)
"""


@pytest.fixture(params=["sqlite", "postgres"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LiveSite]:
    """With some pictures in its gallery, and nothing running any more."""
    parts = {"AWS_STORAGE_BUCKET_NAME": "", "DATABASE_URL": ""}
    with missing_server(), servers.postgres() as (_server, address):
        if request.param == "postgres":
            parts["DATABASE_URL"] = address
        with live_site(tmp_path / "site", speed=20, **parts) as site:
            site.start_sandbox(spread=0.1)
            site.start("worker", "beat")
            queue(site, 4)
            site.until(lambda: site.states()["completed"] == 4)
            # Renditions give way to whatever else the machine has to do.
            site.until(lambda: databases.ask(site.env, UNRENDERED) == [(0,)], 200)
            site.stop()
            yield site


def there(site: LiveSite) -> dict:
    done = site.manage("shell", "-v", "0", "-c", WHAT_IS_THERE)
    found: dict = json.loads(done.stdout)
    return found


def run(*command: str | Path) -> None:
    subprocess.run([str(word) for word in command], check=True, capture_output=True)


def test_backup_wipe_restore(shop: LiveSite, tmp_path: Path) -> None:
    before = there(shop)
    assert len(before["files"]) >= 4 * 3
    data = Path(shop.env["DATA_DIR"])
    database, address = data / "db.sqlite3", shop.env["DATABASE_URL"]
    copy, archive = tmp_path / "fitting.copy", tmp_path / "media.tar"
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    if address:
        run(programs / "pg_dump", "--format=custom", f"--file={copy}", address)
    else:
        vacuum = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("
        vacuum += "'VACUUM INTO ?', [sys.argv[2]])"
        run(sys.executable, "-c", vacuum, database, copy)
    run("tar", "-C", data, "-cf", archive, "media")

    shutil.rmtree(data)
    data.mkdir()
    if address:
        shop.manage("flush", "--noinput")
        to = ["--clean", "--if-exists", "--no-owner", f"--dbname={address}"]
        run(programs / "pg_restore", *to, copy)
    else:
        shutil.copy(copy, database)
    run("tar", "-C", data, "-xf", archive)

    assert there(shop) == before
    shop.start("web")
    shop.until(shop.is_up)
