"""An upgrade while the shop is open: it gives way rather than hold visitors up."""

import subprocess
from pathlib import Path

import psycopg
import pytest

from tests import servers
from tests.conftest import missing_server
from tests.house import House, house
from vto_site.env import BASE_DIR

pytestmark = pytest.mark.anywhere


def migrate(made: House) -> subprocess.CompletedProcess[str]:
    """The first step of the Procfile's `release`."""
    command = ["/bin/sh", "-c", made.commands["release"].partition(" && ")[0]]
    return subprocess.run(
        command, cwd=BASE_DIR, env=made.env, capture_output=True, text=True
    )


def test_a_migration_waits_five_seconds_for_a_busy_table(tmp_path: Path) -> None:
    """Whoever comes after one that waits for its lock waits as long as it does."""
    local = {"AWS_STORAGE_BUCKET_NAME": ""}
    with (
        missing_server(),
        servers.postgres() as (_server, address),
        house(tmp_path / "house", DATABASE_URL=address, **local) as made,
    ):
        made.manage("migrate", "tryon", "0012", "--verbosity", "0")
        with psycopg.connect(address) as visitor:
            visitor.execute("LOCK TABLE tryon_photo IN ROW EXCLUSIVE MODE")
            refused = migrate(made)
        assert refused.returncode != 0
        assert "lock timeout" in refused.stderr
        assert made.manage("migrate", "--check", check=False).returncode != 0
        assert migrate(made).returncode == 0
        made.manage("migrate", "--check")
