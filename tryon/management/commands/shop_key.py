"""A new key for the shop's own programs, alone on stdout: it is shown once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ...models import Scope, typed_text
from ...services import shop_keys


class Command(BaseCommand):
    help = "Makes a key of the REST API and prints it; nobody can show it again."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("label", help="what it is for, as staff and receipts say")
        parser.add_argument(
            "--scopes",
            default=",".join(Scope.values),
            help=f"comma-separated, of {', '.join(Scope.values)} (default: all)",
        )
        parser.add_argument("--expires", type=int, metavar="DAYS")

    def handle(self, *args: Any, **options: Any) -> None:
        label = typed_text.clean_line(options["label"])
        if not 1 <= len(label) <= 80:
            raise CommandError("Give it a label of 1 to 80 characters.", returncode=2)
        scopes = [part.strip() for part in options["scopes"].split(",") if part.strip()]
        unknown = sorted(set(scopes) - set(Scope.values))
        if unknown or not scopes:
            known = ", ".join(Scope.values)
            raise CommandError(
                f"There is no scope {', '.join(unknown) or 'without a name'}. "
                f"Choose from {known}.",
                returncode=2,
            )
        days, now = options["expires"], timezone.now()
        if days is not None and not 1 <= days <= 36_500:
            raise CommandError("--expires takes 1 to 36500 days.", returncode=2)
        expires_at = now + timedelta(days=days) if days else None
        _key, secret = shop_keys.create_shop_key(
            label=label, now=now, scopes=set(scopes), expires_at=expires_at
        )
        self.stdout.write(secret)
