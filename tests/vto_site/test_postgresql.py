"""PostgreSQL as it is run: it fails over, and stands behind a pooler."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest
from django.db import Error, InterfaceError, InternalError
from django.db.utils import ConnectionHandler

from tests import servers
from tests.conftest import missing_server
from tests.faults.jobs import none_lost_or_doubled, queue
from tests.live import LiveSite, until
from tryon.pipeline import runner
from vto_site import databases
from vto_site.env import BASE_DIR

JOBS = 4


def run(address: str, *orders: str) -> None:
    with psycopg.connect(address, autocommit=True) as server:
        for order in orders:
            server.execute(order)


@contextmanager
def prepared(address: str) -> Iterator[None]:
    run(address, "CREATE TABLE kept (n int)")
    yield


@pytest.fixture
def connect(django_db_blocker) -> Iterator[Callable]:
    """As a process of ours connects to a DATABASE_URL."""
    handlers = []

    def open_connection(address: str):
        found = {"default": databases.parse_database(address, Path())}
        handlers.append(ConnectionHandler(found))
        return handlers[-1]["default"]

    with django_db_blocker.unblock():
        yield open_connection
        for handler in handlers:
            handler.close_all()


@pytest.mark.anywhere
def test_a_read_only_server_is_left_for_the_one_that_was_promoted(connect):
    """Old primaries often go on, for reading: each write there ends with 25006."""
    with (
        missing_server(),
        servers.postgres() as (_old, old),
        prepared(old),
        servers.standby(old) as (_new, new),
    ):
        ports = ",".join(place.rpartition(":")[2].split("/")[0] for place in (old, new))
        both = "host=127.0.0.1,127.0.0.1&target_session_attrs=read-write"
        ours = connect(f"postgres://postgres@/postgres?{both}&port={ports}")
        read_only = connect(new)
        ours.ensure_connection()
        before = ours.connection
        ours.close_if_unusable_or_obsolete()
        with ours.cursor() as cursor:  # asked once a request whether it is usable
            cursor.execute("INSERT INTO kept VALUES (0)")
        assert ours.connection is before
        read_only.ensure_connection()
        assert not read_only.is_usable()  # `/readyz` tells

        run(new, "SELECT pg_promote()")
        demoted = "ALTER SYSTEM SET default_transaction_read_only = on"
        run(old, demoted, "SELECT pg_reload_conf()")
        refused: list[str] = []

        def is_read_only() -> bool:
            try:
                with ours.cursor() as cursor:
                    cursor.execute("INSERT INTO kept VALUES (1)")
            except InternalError as error:
                refused.append(error.__cause__.sqlstate)
            return bool(refused)

        until(is_read_only)  # once it has read its settings
        assert refused == ["25006"]
        ours.close_if_unusable_or_obsolete()
        assert ours.connection is None
        with ours.cursor() as cursor:
            cursor.execute("INSERT INTO kept VALUES (2)")
        assert str(ours.connection.info.port) == ports.split(",")[1]
        with psycopg.connect(new) as promoted:
            assert (2,) in promoted.execute("SELECT n FROM kept").fetchall()


PASSES = {
    "25006": "read-only, after a failover",
    "57P01": "it ends",
    "57P02": "it crashed",
    "57P03": "it starts",
    "08006": "the connection broke",
    "08P01": "what PgBouncer says of its server",
    "40001": "it could not be put in order",
    "40P01": "a deadlock",
    "25P02": "after another error in the transaction",
    "25P03": "the transaction was idle too long",
    "53100": "the disk is full",
    "53300": "too many connections",
    "55P03": "a lock was not to be had",
    "57014": "it took too long",
}
STAYS = {"23505": "twice", "42P01": "no such table", "22P02": "no such value"}


@pytest.mark.anywhere
def test_an_answer_in_hand_is_insisted_on_while_it_helps(connect, monkeypatch):
    """Each error comes from a real server, since the code decides its class."""
    monkeypatch.setattr(runner.time, "sleep", lambda seconds: None)
    with missing_server(), servers.postgres() as (_server, address):
        ours = connect(address)
        tries = []

        def store_after(code: str) -> None:
            tries.append(code)
            if len(tries) < 3:
                raised = f"RAISE EXCEPTION 'odd' USING ERRCODE = '{code}'"
                with ours.cursor() as cursor:
                    cursor.execute(f"DO $$ BEGIN {raised}; END $$")

        for code in PASSES:
            tries.clear()
            runner.insist(partial(store_after, code))
            assert tries == [code] * 3
        for code in STAYS:
            tries.clear()
            with pytest.raises(Error):
                runner.insist(partial(store_after, code))
            assert tries == [code]

    def closed() -> None:
        tries.append("closed")
        if len(tries) < 3:
            raise InterfaceError("connection already closed")

    tries.clear()
    runner.insist(closed)
    assert len(tries) == 3


def release(site: LiveSite) -> subprocess.CompletedProcess[str]:
    command = ["/bin/sh", "-c", site.commands["release"]]
    return subprocess.run(
        command, cwd=BASE_DIR, env=site.env, capture_output=True, text=True
    )


@pytest.mark.anywhere
def test_release_web_and_workers_through_pgbouncer(tmp_path):
    """In transaction mode: what a session remembers is another's the next moment."""
    with (
        missing_server(),
        servers.postgres() as (_server, direct),
        servers.pgbouncer(direct) as (_pooler, address),
    ):
        local = {"AWS_STORAGE_BUCKET_NAME": "", "DATABASE_URL": address}
        site = LiveSite(tmp_path / "site", speed=10, **local)
        try:
            done = release(site)
            assert done.returncode == 0, done.stderr
            site.start_sandbox(seconds=20, spread=0.3)
            site.start("worker", "beat", "web")
            site.until(site.is_up)
            queue(site, JOBS)
            none_lost_or_doubled(site, JOBS)
            site.stop("worker", "beat", "web")
            with psycopg.connect(direct) as server:
                left = server.execute("SHOW lock_timeout").fetchone()
            assert left == ("0",)
            logs = site.logs()
            assert "Traceback" not in logs and "Error" not in logs, logs
        finally:
            site.kill_all()
