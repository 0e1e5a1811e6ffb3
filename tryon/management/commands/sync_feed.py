"""The catalogue from the shop's product feed, by its address or from a file."""

import json
import math
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import get_language

from tryon import feeds, tasks
from tryon.feeds import FeedError, Outcome, Problem
from tryon.models import Feed
from tryon.pictures import storage

UNREAD = 2
TRIES, PAUSE = 12, 5  # and seconds, while storage is away
LONGEST_WAIT = 600  # seconds for another sync of the same feed
MOST_NAME = 500
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
        on = Feed.objects.filter(is_on=True)
        for feed in [find_feed(source)] if source else on:
            try:
                told.append(look(feed, source) if dry else self.sync(feed, source))
            except FeedError as error:
                unread.append(f"{feed.name}: {error}")
        report = join([*told, *map(say_unread, unread)])
        self.tell(report, as_json=options["json"])
        if unread and not told:
            raise CommandError("\n".join(unread), returncode=UNREAD)
        if report["problems"]:
            sys.exit(1)

    def sync(self, feed: Feed, source: str | None) -> dict[str, Any]:
        """Raises `FeedError`; a feed that could not even be read once is not kept."""
        is_new = feed.pk is None
        if source:
            keep(feed, source)
        try:
            self.finish(feed)
        except FeedError:
            if is_new:
                feeds.delete_feed(feed=feed)
            raise
        report: dict[str, Any] = feed.report
        return report

    def finish(self, feed: Feed) -> None:
        """To its end, whoever does it; again where storage was away for a moment."""
        self.begin(feed)
        tries = 0
        while feed.is_busy:
            try:
                done = feeds.continue_sync(
                    pk=feed.pk, now=timezone.now(), seconds=math.inf
                )
                if done and done.made:
                    tasks.ask_for_renditions(done.made)
            except storage.Away as wait:
                tries += 1
                if tries == TRIES:
                    raise FeedError("storage does not answer") from wait
                self.stderr.write(f"waiting: {wait or 'storage'}")
                time.sleep(PAUSE)
            feed.refresh_from_db()
            if feed.is_busy:
                time.sleep(1)
        if feed.state != Feed.State.WAITING:
            raise FeedError(feed.problem or "it failed three times")

    def begin(self, feed: Feed) -> None:
        """Of two syncs of one feed, this one waits."""
        ends = time.monotonic() + LONGEST_WAIT
        language = get_language() or ""
        while not feeds.request_sync(feed=feed, now=timezone.now(), language=language):
            if time.monotonic() > ends:
                raise FeedError("another sync of this feed does not end")
            time.sleep(1)
        feed.refresh_from_db()

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


def is_address(source: str) -> bool:
    return source.lower().startswith(("http://", "https://"))


def find_feed(source: str) -> Feed:
    """The feed with this address or name; a new one is not saved yet."""
    named = Feed.objects.filter(name=source).first()
    if not is_address(source):
        # A file does not change by itself: it is read when somebody asks.
        return named or Feed(name=source, is_on=False)
    there = Feed.objects.filter(address=source).first()
    return there or named or Feed(name=source, address=source)


def look(feed: Feed, source: str | None) -> dict[str, Any]:
    if source and not is_address(source):
        with open_file(source) as file:
            return feeds.look_at(feed, file).report()
    return feeds.look_at(feed).report()


def keep(feed: Feed, source: str) -> None:
    if len(source) > MOST_NAME:
        raise FeedError(f"longer than {MOST_NAME} characters")
    if not is_address(source):
        with open_file(source) as file:
            feeds.keep_file(feed=feed, file=File(file), now=timezone.now())
    elif feed.pk is None:
        feed.save()


def open_file(source: str) -> IO[bytes]:
    try:
        return Path(source).open("rb")
    except OSError as error:
        raise FeedError(f"no address and no file: {error.strerror}") from error


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
