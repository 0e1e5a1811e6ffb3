"""A shop around the fitting room: product pages of another origin, with its button."""

import signal
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tryon.demo.product_pages import ProductPages, find_origin


class Command(BaseCommand):
    help = "Serves three product pages with the fitting room's button, to try it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=int, default=settings.PORT + 2)

    def handle(self, *args: object, host: str, port: int, **options: Any) -> None:
        try:
            server = ProductPages(host, port, settings.SITE_URL)
        except OSError as error:
            raise CommandError(f"port {port}: {error.strerror}") from None
        self.stdout.write(f"demo shop at http://{host}:{port}")
        if not settings.TRYON_EMBED_ORIGINS:
            self.stdout.write(
                "Its buttons stay away until the fitting room runs with its origin in "
                f"TRYON_EMBED_ORIGINS: {find_origin() or 'https://shop.example.org'}"
            )
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            server.server_close()
