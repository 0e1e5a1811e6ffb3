"""The catalogue from the shop's product feed, by its address or from a file."""

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tryon import feeds, tasks
from tryon.feeds import FeedError, Outcome, Problem
from tryon.models import Feed
from tryon.pictures import storage

UNREAD = 2
TRIES, PAUSE = 12, 5  # and seconds, while storage is away
LONGEST_WAIT = 600  # seconds for another sync of the same feed
COUNTED = "new", "changed", "pictures_replaced", "unchanged", "retired", "back"


class Command(BaseCommand):
    help = "Takes the shop's product feed in; what has not changed costs nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "source",
            nargs="?",
            metavar="ADDRESS|FILE",
            help="without it, all feeds that are on",
        )
        parser.add_argument("--dry-run", action="store_true", help="only look through")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: object, **options: Any) -> None:
        dry, source = options["dry_run"], options["source"]
        told: list[dict[str, Any]] = []
        unread: list[str] = []
        wanted: list[Feed] = [self.find(source, make=not dry)] if source else []
        for feed in wanted or Feed.objects.filter(is_on=True):
            try:
                told.append(self.look(feed) if dry else self.sync(feed))
            except FeedError as error:
                unread.append(f"{feed.name}: {error}")
        report = join([*told, *(say_unread(sentence) for sentence in unread)])
        self.tell(report, as_json=options["json"])
        if unread and not told:
            raise CommandError("\n".join(unread), returncode=UNREAD)
        if report["problems"]:
            sys.exit(1)

    def find(self, source: str, *, make: bool) -> Feed:
        """The feed with this address or name; a new one is saved only with `make`."""
        is_address = source.lower().startswith(("http://", "https://"))
        field = "address" if is_address else "name"
        feed = (
            Feed.objects.filter(**{field: source}).first()
            or Feed.objects.filter(name=source).first()
            or Feed(name=source, address=source if is_address else "")
        )
        if is_address:
            if make and feed.pk is None:
                feed.save()
            return feed
        path = Path(source)
        if not path.is_file():
            sentence = f"{source} is neither an address nor a file"
            raise CommandError(sentence, returncode=UNREAD)
        if make:
            with path.open("rb") as file:
                # It does not change by itself: it is read when somebody asks.
                feed.is_on = False
                feeds.keep_file(feed=feed, file=File(file), now=timezone.now())
        return feed

    def look(self, feed: Feed) -> dict[str, Any]:
        path = Path(feed.name)
        if feed.address or not path.is_file():
            return feeds.look_at(feed).report()
        with path.open("rb") as file:
            return feeds.look_at(feed, file).report()

    def sync(self, feed: Feed) -> dict[str, Any]:
        """To its end, whoever does it; again where storage was away for a moment."""
        ends = time.monotonic() + LONGEST_WAIT
        while not feeds.request_sync(feed=feed, now=timezone.now()):
            if time.monotonic() > ends:
                raise FeedError("another sync of this feed does not end")
            time.sleep(1)
        tries = 0
        while feed.state in Feed.OPEN or not tries:
            try:
                done = feeds.continue_sync(
                    pk=feed.pk, now=timezone.now(), seconds=float("inf")
                )
                tries = 1
                if done and done.made:
                    tasks.ask_for_renditions(done.made[-1])
            except storage.Away as wait:
                tries += 1
                if tries > TRIES:
                    raise FeedError("storage does not answer") from wait
                self.stderr.write(f"waiting: {wait or 'storage'}")
                time.sleep(PAUSE)
            feed.refresh_from_db()
            if feed.state in Feed.OPEN:
                time.sleep(1)
        if feed.state != Feed.State.WAITING:
            raise FeedError(feed.problem or "it failed three times")
        report: dict[str, Any] = feed.report
        return report

    def tell(self, report: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report))
            return
        for problem in report["problems"]:
            sku = f" ({problem['sku']})" if problem["sku"] else ""
            line = f"line {problem['line']}{sku}: " if problem["line"] else ""
            self.stderr.write(f"{line}{problem['sentence']}")
        for note in report["notes"]:
            self.stderr.write(note)
        counts = {name: report[name] for name in COUNTED}
        told = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counts.items())
        self.stdout.write(
            f"{told}, {report['left_out']} left out, {len(report['problems'])} not"
        )


def join(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """Of several feeds, as one."""
    joined = Outcome().report()
    for report in reports:
        for name, value in report.items():
            joined[name] = joined[name] + value
    return joined


def say_unread(sentence: str) -> dict[str, Any]:
    outcome = Outcome(problems=[Problem(0, "", sentence)])
    return outcome.report()
