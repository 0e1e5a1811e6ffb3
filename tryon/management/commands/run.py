"""Everything on one machine: what `make run` ends in.

Prepares the database, then starts what the Procfile names and, without a key, the
sandbox with its demo. A process that dies is started again; Ctrl-C and SIGTERM end
them all.
"""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tryon import demo
from tryon.demo.product_pages import find_origin
from vto_site.env import BASE_DIR
from vto_site.parent_death import die_with_parent

PATIENCE = 12  # seconds to end in, before a process is killed


@dataclass
class Process:
    name: str
    command: str
    child: subprocess.Popen[bytes] | None = None
    started: float = 0
    starts: list[float] = field(default_factory=list)


def demo_shop_may_show_us() -> dict[str, str]:
    """Where nobody has said which pages may, and nothing costs money."""
    if settings.TRYON_EMBED_ORIGINS or not settings.DEBUG:
        return {}
    origin = find_origin() if settings.MIRAGIC_SANDBOX else ""
    return {"TRYON_EMBED_ORIGINS": origin} if origin else {}


class Command(BaseCommand):
    help = "Prepares everything and runs web, worker, beat and the sandbox."

    def handle(self, *args: object, **options: object) -> None:
        self.check_port(settings.PORT)
        self.prepare()
        self.stdout.write("")
        self.stdout.write(f"  {settings.SITE_NAME}: {settings.SITE_URL}")
        for email, password in demo.log_ins().items():
            self.stdout.write(f"  sign in as {email} with {password}")
        if settings.MIRAGIC_SANDBOX:
            secret = demo.make_shop_key(timezone.now())
            self.stdout.write(f"  key of the REST API: {secret}")
            address = f"{settings.SITE_URL}/api/v1/garments?limit=3"
            header = f"Authorization: Bearer {secret}"
            self.stdout.write(f'  curl -H "{header}" "{address}"')
            if origin := find_origin():
                self.stdout.write(f"  a shop with its button: {origin}")
        else:
            demo.revoke_shop_keys(timezone.now())
            how = "a staff account: .venv/bin/python manage.py createsuperuser"
            self.stdout.write(f"  {how}")
        self.stdout.write("  Ctrl-C ends it.\n")
        self.stdout.flush()
        self.supervise(self.processes())

    def check_port(self, port: int) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.HOST, port))
            except OSError as error:
                raise CommandError(
                    f"Port {port} on {settings.HOST}: {error.strerror}. Stop what uses "
                    f"it, or choose another: PORT={port + 1000} make run"
                ) from None

    def prepare(self) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        if not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        if settings.MIRAGIC_SANDBOX:
            demo.load(timezone.now())

    def processes(self) -> list[Process]:
        lines = (BASE_DIR / "Procfile").read_text().splitlines()
        named = dict(line.split(": ", 1) for line in lines if line)
        processes = [Process(name, named[name]) for name in ("web", "worker", "beat")]
        if settings.MIRAGIC_SANDBOX:
            sandbox = (
                f"python manage.py sandbox --port {settings.PORT + 1} "
                f"--keep {shlex.quote(str(settings.DATA_DIR / 'sandbox'))}"
            )
            processes.insert(0, Process("sandbox", sandbox))
            if find_origin():
                processes.append(Process("demo shop", "python manage.py demo_shop"))
        return processes

    def supervise(self, processes: list[Process]) -> None:
        self.ending = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.end)
        while not self.ending:
            for process in processes:
                if process.child is None or process.child.poll() is not None:
                    self.start(process)
            time.sleep(0.2)
        self.stop(processes)

    def end(self, *args: object) -> None:
        self.ending = True

    def start(self, process: Process) -> None:
        now = time.monotonic()
        if process.child is not None:
            # One that keeps dying must not keep the machine busy.
            if now - process.started < min(len(process.starts), 10):
                return
            code = process.child.returncode
            self.stderr.write(f"{process.name} ended ({code}), starting it again")
        process.starts = [at for at in process.starts if now - at < 60] + [now]
        process.started = now
        bin_folder = Path(sys.executable).parent
        process.child = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", f"exec {process.command}"],
            cwd=BASE_DIR,
            env={
                **os.environ,
                "HOST": settings.HOST,
                "PORT": str(settings.PORT),
                **demo_shop_may_show_us(),
                "PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}",
            },
            preexec_fn=die_with_parent,
            # Ctrl-C reaches them through us, once.
            start_new_session=True,
        )

    def stop(self, processes: list[Process]) -> None:
        running = [p.child for p in processes if p.child and p.child.poll() is None]
        for child in running:
            child.terminate()
        ends = time.monotonic() + PATIENCE
        for child in running:
            try:
                child.wait(max(ends - time.monotonic(), 0))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
