"""The catalogue from a folder: catalogue.csv and its pictures."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tryon import catalogue, tasks


class Command(BaseCommand):
    help = "Takes a catalogue in; what is there already stays as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="only look through")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text, source = catalogue.from_folder(options["folder"])
            outcome = catalogue.run(
                text=text, source=source, now=timezone.now(), dry=options["dry_run"]
            )
        except catalogue.CatalogueError as error:
            raise CommandError(str(error)) from error
        for line, reason in outcome.problems:
            self.stderr.write(f"line {line}: {reason}")
        if not options["dry_run"]:
            for garment in outcome.new:
                tasks.ask_for_renditions(garment)
        self.stdout.write(
            f"{len(outcome.new)} new, {outcome.changed} changed, "
            f"{outcome.unchanged} unchanged, {len(outcome.problems)} not"
        )
