"""The whole site in real processes: web, worker, beat and sandbox, on free ports."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests

from tests import databases
from tests.servers import own_parts
from vto_site.env import BASE_DIR

STATES = """
SELECT status, COUNT(*) FROM tryon_tryon WHERE deleted_at IS NULL GROUP BY status
"""
BIN = Path(sys.executable).parent
KEY = "sk_live_" + "h" * 43
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]


def free_pair() -> tuple[int, int]:
    """Two free ports, one after the other, where no outgoing connection takes one."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.ExitStack() as stack:
            try:
                for number in (port, port + 1):
                    one = stack.enter_context(socket.socket())
                    one.bind(("127.0.0.1", number))
            except OSError:
                continue
        return port, port + 1


def until(condition: Callable[[], Any], seconds: float = 40) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, f"not within {seconds} s"
        time.sleep(0.02)


class LiveSite:
    """Processes by name; each can be killed and started again."""

    def __init__(self, folder: Path, speed: float = 1, **env: str):
        self.folder = folder
        self.code = BASE_DIR  # of the processes that are started next
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self.sandbox_port = free_pair()
        self.url = f"http://127.0.0.1:{self.port}"
        self.sandbox_url = f"http://127.0.0.1:{self.sandbox_port}"
        self.speed = speed
        self.env = {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "ENV_FILE": "",
            "DEBUG": "1",
            "DJANGO_SETTINGS_MODULE": "vto_site.settings",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "DATA_DIR": str(folder / "data"),
            "MIRAGIC_API_KEYS": KEY,
            "MIRAGIC_BASE_URL": self.sandbox_url,
            "MIRAGIC_TIME_SCALE": str(speed),
            **own_parts(),
            **env,
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        lines = (BASE_DIR / "Procfile").read_text().splitlines()
        self.commands = dict(line.split(": ", 1) for line in lines)

    def manage(self, *args: str, check: bool = True) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [sys.executable, "manage.py", *args],
            cwd=self.code,
            env=self.env,
            capture_output=True,
            text=True,
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def prepare(self) -> None:
        """All tables: made by the first site on a server, and copied by the next."""
        databases.prepare(self.env, self.migrate)

    def migrate(self) -> None:
        self.manage("migrate", "--verbosity", "0")
        self.manage("createcachetable")

    def start(self, *names: str) -> None:
        for name in names:
            log = (self.folder / f"{name}.log").open("ab")
            self.processes[name] = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {self.commands[name]}"],
                cwd=self.code,
                env=self.env,
                stdout=log,
                stderr=log,
            )

    def start_sandbox(self, **options: Any) -> None:
        flags = {"port": self.sandbox_port, "speed": self.speed, **options}
        words = [
            f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}")
            for name, value in flags.items()
        ]
        self.commands["sandbox"] = f"python manage.py sandbox {' '.join(words)}"
        self.start("sandbox")
        self.until(lambda: self.sandbox() is not None)

    def is_up(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).ok
        except requests.ConnectionError:
            return False

    def kill(self, name: str) -> None:
        """SIGKILL to just this process, as the kernel would."""
        self.processes[name].kill()
        self.processes[name].wait()

    def sandbox(self) -> dict[str, Any] | None:
        try:
            told = requests.get(f"{self.sandbox_url}/_sandbox", timeout=5)
        except requests.ConnectionError:
            return None
        return told.json()

    def order(self, **orders: Any) -> None:
        requests.post(f"{self.sandbox_url}/_sandbox", json=orders, timeout=5)

    def try_on(self, photo: Path, garment: Path, *args: str) -> dict[str, Any]:
        done = self.manage(
            "tryon", str(photo), str(garment), *args, "--json", check=False
        )
        assert done.stdout, done.stderr
        return {**json.loads(done.stdout), "exit": done.returncode}

    def states(self) -> dict[str, int]:
        """As `status` tells them; asked many times, so of the database itself."""
        return Counter(dict(databases.ask(self.env, STATES)))

    def until(self, condition: Any, seconds: float = 60) -> None:
        try:
            until(condition, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from None

    @contextlib.contextmanager
    def supervised(self, *names: str) -> Iterator[None]:
        """Who ends is started again, as systemd, Docker or `make run` would."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.2):
                for name in names:
                    if self.processes[name].poll() is not None:
                        self.start(name)

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def logs(self) -> str:
        tails = []
        for path in sorted(self.folder.glob("*.log")):
            tails.append(f"--- {path.name}\n{path.read_text()[-2000:]}")
        return "\n".join(tails)

    def kill_all(self) -> None:
        """The quick end of a test; `stop` is what an operator does."""
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait()

    def stop(self, *names: str) -> None:
        """These, or all of them, as an operator ends them."""
        chosen = [self.processes[name] for name in names or self.processes]
        for process in chosen:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in chosen:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def live_site(folder: Path, speed: float = 1, **env: str) -> Iterator[LiveSite]:
    site = LiveSite(folder, speed, **env)
    try:
        site.prepare()
        yield site
    finally:
        site.kill_all()
