"""An upgrade while the shop is open: it gives way rather than hold visitors up."""

import subprocess
from pathlib import Path

import psycopg
import pytest

from tests import servers
from tests.conftest import missing_server
from tests.live import LiveSite, live_site
from vto_site.env import BASE_DIR

pytestmark = pytest.mark.anywhere


def migrate(site: LiveSite) -> subprocess.CompletedProcess[str]:
    """The first step of the Procfile's `release`."""
    command = ["/bin/sh", "-c", site.commands["release"].partition(" && ")[0]]
    return subprocess.run(
        command, cwd=BASE_DIR, env=site.env, capture_output=True, text=True
    )


def test_a_migration_waits_five_seconds_for_a_busy_table(tmp_path: Path) -> None:
    """Whoever comes after one that waits for its lock waits as long as it does."""
    local = {"AWS_STORAGE_BUCKET_NAME": ""}
    with (
        missing_server(),
        servers.postgres() as (_server, address),
        live_site(tmp_path / "site", DATABASE_URL=address, **local) as site,
    ):
        site.manage("migrate", "tryon", "0012", "--verbosity", "0")
        with psycopg.connect(address) as visitor:
            visitor.execute("LOCK TABLE tryon_photo IN ROW EXCLUSIVE MODE")
            refused = migrate(site)
        assert refused.returncode != 0
        assert "lock timeout" in refused.stderr
        assert site.manage("migrate", "--check", check=False).returncode != 0
        assert migrate(site).returncode == 0
        site.manage("migrate", "--check")
