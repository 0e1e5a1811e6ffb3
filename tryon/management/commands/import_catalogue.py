"""The catalogue from a folder or a zip: catalogue.csv and its pictures."""

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tryon import tasks
from tryon.pictures import normalise, storage
from tryon.services import catalogue
from tryon.services.catalogue import Outcome, Problem

UNREAD = 2
TRIES, PAUSE = 12, 5  # and seconds, while storage or the decoders are busy


class Command(BaseCommand):
    help = "Takes a catalogue in; a second time only what has changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", type=Path, metavar="FOLDER|ZIP")
        parser.add_argument("--dry-run", action="store_true", help="only look through")
        parser.add_argument(
            "--replace-pictures",
            action="store_true",
            help="where a piece has another picture now, take that",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: object, **options: Any) -> None:
        outcome = Outcome()
        try:
            with catalogue.open_shop(options["source"]) as shop:
                self.run(shop, outcome, options)
                notes = outcome.notes(shop)
        except catalogue.CatalogueError as error:
            if options["json"]:
                outcome.problems.append(Problem(0, "", str(error)))
                self.report(outcome, [], as_json=True)
            raise CommandError(str(error), returncode=UNREAD) from error
        for garment in outcome.to_render:
            tasks.ask_for_renditions(garment)
        self.report(outcome, notes, as_json=options["json"])
        if outcome.problems:
            sys.exit(1)

    def run(
        self, shop: catalogue.Shop, outcome: Outcome, options: dict[str, Any]
    ) -> None:
        """Again from where it stopped while something is busy, for a minute."""
        for _attempt in range(TRIES):
            try:
                catalogue.import_shop(
                    shop,
                    now=timezone.now(),
                    dry=options["dry_run"],
                    replace=options["replace_pictures"],
                    outcome=outcome,
                )
                return
            except (normalise.Busy, storage.Away) as wait:
                self.stderr.write(f"waiting: {wait or 'busy'}")
                time.sleep(PAUSE)
        row = shop.table.rows[outcome.done]
        sentence = "storage does not answer: this line and those after it were not read"
        outcome.problems.append(Problem(row.line, row.cells.get("sku", ""), sentence))

    def report(self, outcome: Outcome, notes: list[str], *, as_json: bool) -> None:
        if as_json:
            payload = {
                "new": outcome.new,
                "changed": outcome.changed,
                "pictures_replaced": outcome.pictures_replaced,
                "unchanged": outcome.unchanged,
                "problems": [vars(problem) for problem in outcome.problems],
                "notes": notes,
            }
            self.stdout.write(json.dumps(payload))
            return
        for problem in outcome.problems:
            sku = f" ({problem.sku})" if problem.sku else ""
            self.stderr.write(f"line {problem.line}{sku}: {problem.sentence}")
        for note in notes:
            self.stderr.write(note)
        self.stdout.write(
            f"{outcome.new} new, {outcome.changed} changed, "
            f"{outcome.pictures_replaced} pictures replaced, "
            f"{outcome.unchanged} unchanged, {len(outcome.problems)} not"
        )
