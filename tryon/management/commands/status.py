import json
import sys
from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from django.db import DatabaseError
from django.utils import timezone

from tryon.monitoring import status


class Command(BaseCommand):
    help = "Tells how the fitting room is doing; exit 1 when something is wrong."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: object, **options: object) -> None:
        try:
            report = status.report(timezone.now())
        except DatabaseError as error:
            report = status.no_database(error)
        if options["json"]:
            self.stdout.write(json.dumps(report))
        else:
            self.write(report)
        if not report["ok"]:
            sys.exit(1)

    def write(self, report: status.Report) -> None:
        for problem in report["problems"] or ["All is well."]:
            self.stdout.write(problem)
        states = ", ".join(f"{name} {n}" for name, n in report["states"].items() if n)
        self.stdout.write(f"try-ons: {states or 'none'}")
        for key in report["keys"]:
            self.stdout.write(
                f"key {key['fingerprint']}: {key['state']}, {key['room']} free"
            )
        self.stdout.write(f"last tick: {report['last_tick_seconds']} s ago")
