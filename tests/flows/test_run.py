"""`manage.py run`, what `make run` ends in: prepares, prints, supervises, stops."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
import requests

from tests.house import BASE_DIR, BIN, free_pair, until


@pytest.fixture
def running(tmp_path):
    port = free_pair()[0]
    env = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "ENV_FILE": "",
        "DEBUG": "1",
        "PORT": str(port),
        "DATA_DIR": str(tmp_path / "data"),
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

    def all_there() -> bool:
        names = " ".join(children(process.pid).values())
        words = ("granian", " worker ", " beat ", "sandbox")
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
    started = time.monotonic()
    process.terminate()
    process.wait(timeout=15)
    assert time.monotonic() - started < 15
    for pid in before:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_killed_supervisor_leaves_nobody_behind(running):
    process, port, _log, _env = running
    until(lambda: is_up(port))
    before = children(process.pid)
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
