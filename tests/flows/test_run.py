"""`manage.py run`, what `make run` ends in: prepares, prints, supervises, stops."""

import contextlib
import json
import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys

import pytest
import requests

from tests import databases
from tests.live import BASE_DIR, BIN, LiveSite, free_pair, until

COUNTS = """
SELECT (SELECT COUNT(*) FROM tryon_garment), (SELECT COUNT(*) FROM tryon_photo),
    (SELECT COUNT(*) FROM tryon_tryon), (SELECT COUNT(*) FROM tryon_user)
"""
CHANGE = """
DELETE FROM tryon_user WHERE email = 'staff@example.org';
UPDATE tryon_user SET password = 'changed' WHERE email = 'customer@example.org';
"""
pytestmark = pytest.mark.anywhere
AWAY = {"MIRAGIC_BASE_URL": "http://127.0.0.1:9"}  # nobody answers


@contextlib.contextmanager
def run(tmp_path, **more: str):
    port = free_pair()[0]
    env = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "ENV_FILE": "",
        "DEBUG": "1",
        "PORT": str(port),
        "DATA_DIR": str(tmp_path / "data"),
        **more,
    }
    log = tmp_path / "run.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run"],
            cwd=BASE_DIR,
            env=env,
            stdout=out,
            stderr=out,
        )
    try:
        yield process, port, log, env
    finally:
        if process.poll() is None:
            process.kill()


@pytest.fixture
def running(tmp_path):
    with run(tmp_path) as started:
        yield started


def told_by_run(tmp_path, **more: str) -> str:
    """What it prints before everything is up; then it is ended."""
    with run(tmp_path, **more) as (process, port, log, _env):
        until(lambda: is_up(port))
        process.terminate()
        process.wait(timeout=15)
        return log.read_text()


def children(pid: int) -> dict[int, str]:
    listed = subprocess.run(
        ["ps", "-ww", "--ppid", str(pid), "-o", "pid=,args="],
        capture_output=True,
        text=True,
    )
    rows = (line.split(None, 1) for line in listed.stdout.splitlines())
    return {int(child): command for child, *rest in rows for command in rest}


def is_up(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/", timeout=5).ok
    except requests.ConnectionError:
        return False


def test_runs_everything_and_ends_it_all(running):
    process, port, log, env = running
    until(lambda: is_up(port))
    told = log.read_text()
    assert f"http://127.0.0.1:{port}" in told
    assert re.search(r"sign in as customer@example.org with \S{12}", told)
    assert "staff@example.org" in told
    line = shlex.split(re.search(r"curl -H .*", told)[0])
    asked = subprocess.run([*line, "--silent"], capture_output=True, check=True)
    assert len(json.loads(asked.stdout)["items"]) == 3
    shop = re.search(r"a shop with its button: (\S+)", told)[1]
    until(lambda: is_up(shop.rpartition(":")[2]))
    script = f"http://127.0.0.1:{port}/embed.js"
    assert script in requests.get(shop, timeout=5).text
    assert requests.get(script, timeout=5).ok

    def all_there() -> bool:
        names = " ".join(children(process.pid).values())
        words = ("granian", " worker ", " beat ", "sandbox", "demo_shop")
        return all(word in names for word in words)

    until(all_there)

    # One that dies is started again.
    worker = next(pid for pid, c in children(process.pid).items() if " worker " in c)
    os.kill(worker, signal.SIGKILL)
    until(
        lambda: any(
            " worker " in c and pid != worker
            for pid, c in children(process.pid).items()
        )
    )

    # A second one says why it will not start.
    second = subprocess.run(
        [sys.executable, "manage.py", "run"],
        cwd=BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
    )
    assert second.returncode != 0
    assert f"Port {port}" in second.stderr

    before = children(process.pid)
    assert len(before) == 5
    process.terminate()
    assert process.wait(timeout=15) == 0  # it ends them itself, and is not killed
    for pid in before:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_killed_supervisor_leaves_nobody_behind(running):
    process, port, _log, _env = running
    until(lambda: is_up(port))
    before = children(process.pid)
    assert len(before) == 5
    process.kill()
    process.wait()

    def all_gone() -> bool:
        listed = subprocess.run(
            ["ps", "-o", "stat=", "-p", ",".join(map(str, before))],
            capture_output=True,
            text=True,
        )
        return not listed.stdout.strip()

    until(all_gone, seconds=20)


def counts(env: dict[str, str]) -> list[int]:
    """Garments, photos, try-ons, users."""
    return list(databases.ask(env, COUNTS)[0])


def test_the_demo_comes_once_and_gives_nobody_back(tmp_path):
    """Neither the superuser who was deleted nor the password that was changed."""
    env = {"DATA_DIR": str(tmp_path / "data")}
    assert "sign in as staff@example.org with" in told_by_run(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "data/db.sqlite3")) as file:
        file.executescript(CHANGE)
    again = told_by_run(tmp_path)
    assert "sign in as" not in again
    assert counts(env) == [20, 9, 4, 1]
    with_key = told_by_run(tmp_path, MIRAGIC_API_KEYS="sk_live_" + "r" * 43, **AWAY)
    assert "sign in as" not in with_key
    assert counts(env) == [20, 9, 4, 1]


def test_with_a_key_it_says_how_to_make_a_staff_account(tmp_path):
    told = told_by_run(tmp_path, MIRAGIC_API_KEYS="sk_live_" + "r" * 43, **AWAY)
    assert "sign in as" not in told
    assert counts({"DATA_DIR": str(tmp_path / "data")}) == [0, 0, 0, 0]
    (how,) = re.findall(r"a staff account: \S+ (manage.py createsuperuser)", told)
    done = subprocess.run(
        [sys.executable, *how.split(), "--noinput"],
        cwd=BASE_DIR,
        env={
            "ENV_FILE": "",
            "DEBUG": "1",
            "DATA_DIR": str(tmp_path / "data"),
            "DJANGO_SUPERUSER_EMAIL": "owner@example.org",
            "DJANGO_SUPERUSER_PASSWORD": "a long password",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert counts({"DATA_DIR": str(tmp_path / "data")}) == [0, 0, 0, 1]


def test_a_demo_that_was_killed_is_finished_by_the_next(tmp_path):
    site = LiveSite(tmp_path, MIRAGIC_API_KEYS="", MIRAGIC_BASE_URL="")
    site.prepare()
    site.commands["demo"] = "python manage.py demo"
    for place, enough in enumerate((7, 3, 2)):
        site.start("demo")
        site.until(lambda p=place, n=enough: counts(site.env)[p] >= n)
        site.kill("demo")
    done = site.manage("demo").stdout
    assert "customer@example.org  " in done and "staff@example.org  " in done
    assert counts(site.env) == [20, 9, 4, 2]
