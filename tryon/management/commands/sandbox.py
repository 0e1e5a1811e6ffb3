"""A stand-in of the try-on API over real HTTP, for demo and tests."""

import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tryon.sandbox.jobs import Options
from tryon.sandbox.limiter import LIMITERS
from tryon.sandbox.server import Server


class Command(BaseCommand):
    help = "Runs a stand-in of the try-on API; its pictures are plainly marked."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=settings.PORT + 1)
        parser.add_argument("--speed", type=float, default=1, help="divides durations")
        parser.add_argument("--seconds", type=float, default=20, help="median duration")
        parser.add_argument("--spread", type=float, default=0.35, help="lognormal")
        parser.add_argument("--bimodal", action="store_true", help="15 s or 45 s")
        parser.add_argument("--fail-share", type=float, default=0)
        parser.add_argument("--stuck-share", type=float, default=0)
        parser.add_argument("--latency", type=float, default=0, help="each way, up to")
        parser.add_argument("--limiter", choices=sorted(LIMITERS), default="sliding")
        parser.add_argument("--plain", action="store_true", help="one fixed picture")
        parser.add_argument(
            "--address-seconds", type=float, default=0, help="that a result's works"
        )
        parser.add_argument("--seed", type=int)
        parser.add_argument("--keep", default="", help="a folder for jobs under way")

    def handle(self, *args: object, **options: Any) -> None:
        chosen = Options(
            **{name: options[name] for name in Options.__dataclass_fields__}
        )
        try:
            server = Server(options["host"], options["port"], chosen)
        except OSError as error:
            raise CommandError(f"port {options['port']}: {error.strerror}") from None
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        self.stdout.write(f"sandbox at {server.url}")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            server.server_close()
