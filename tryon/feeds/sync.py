"""A sync as rows: read, take in, retire; in slices, by whoever has claimed the feed."""

import logging
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Coalesce
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ..models import ClaimLost, Garment, PendingDeletion
from ..models.feeds import Feed, FeedItem
from ..pictures import storage
from ..services import file_deletion
from . import dry_run, fetching, pictures, reading, retiring, staging, taking
from .errors import FeedError
from .fetching import Body, Validators
from .kinds import Rules
from .outcome import MOST_PROBLEMS, Outcome, Problem

logger = logging.getLogger(__name__)
SLICE = 20  # seconds of one task
RENEW_EVERY = 3  # seconds
SOON = timedelta(hours=1)  # after what could not be read
AT_ONCE = 2  # feeds that workers are at
States = Feed.State


class Paused(Exception):
    """The slice is over, or the worker wants to end."""


@dataclass
class Slice:
    """The last piece with a new picture, if there is one; `more`: it goes on."""

    made: Garment | None = None
    more: bool = False


class _Alive:
    """Called often: keeps the claim, and ends the slice."""

    def __init__(self, feed: Feed, stop: Callable[[], bool], ends: float):
        self.feed = feed
        self.stop = stop
        self.ends = ends
        self.renewed = time.monotonic()

    def __call__(self) -> None:
        """Raises `Paused`, `ClaimLost`."""
        if self.stop():
            raise Paused
        if time.monotonic() - self.renewed > RENEW_EVERY:
            self.feed.renew(timezone.now())
            self.renewed = time.monotonic()

    def check_slice(self) -> None:
        """Where it can go on in another: not while it is read. Raises as above."""
        self()
        if time.monotonic() > self.ends:
            raise Paused


# --- what is asked for ----------------------------------------------------------------


def request_sync(
    *,
    feed: Feed,
    now: datetime,
    dry: bool = False,
    retire_many: bool = False,
    language: str = "",
) -> bool:
    """The caller wakes the task. False if somebody is at it.

    `dry`: only what one would do. `retire_many`: a person has seen how many it is.
    `language`: of the person who asks. One that was left in the middle is read again;
    what it has done is done, and counted.
    """
    fields: dict[str, object] = {
        "begun_at": now,
        "cursor": 0,
        "claim": None,
        "claimed_at": None,
        "attempts": 0,
        "language": language or feed.language,
    }
    rows = Feed.objects.filter(pk=feed.pk).exclude(state__in=Feed.OPEN)
    next_at = now + timedelta(hours=feed.every_hours)
    if dry:
        # One that was left in the middle goes on. A sync is not put off by it, but for
        # the first one, which somebody wishes to see before.
        fields |= {"state": States.LOOKING, "next_at": Coalesce("next_at", next_at)}
        return bool(rows.update(**fields, progress={}))
    fields |= {
        "state": States.READING,
        "may_retire_many": retire_many,
        "next_at": next_at,
    }
    left = Feed.free(now).filter(pk=feed.pk)
    return bool(rows.update(**fields, progress={}) or left.update(**fields))


def keep_file(*, feed: Feed, file: "File[bytes]", now: datetime) -> None:
    """The feed is this file from now on."""
    name = f"feed-{secrets.token_urlsafe(16)}"
    PendingDeletion.expect(name, now)
    storage.save(name, file)
    with transaction.atomic():
        PendingDeletion.keep(name)
        if feed.file_name:
            file_deletion.erase([feed.file_name])
        feed.file_name, feed.address = name, ""
        feed.etag = feed.last_modified = ""
        feed.save()


def change(*, feed: Feed, fields: list[str]) -> None:
    """By a person; a feed elsewhere is another one, which nobody has read yet."""
    old = Feed.objects.get(pk=feed.pk)
    with transaction.atomic():
        if feed.address and feed.file_name:
            file_deletion.erase([feed.file_name])
            feed.file_name = ""
        if feed.address != old.address:
            feed.etag = feed.last_modified = ""
        feed.save(update_fields=[*fields, "file_name", "etag", "last_modified"])


def delete_feed(*, feed: Feed) -> None:
    """Its pieces stay."""
    with transaction.atomic():
        if feed.file_name:
            file_deletion.erase([feed.file_name])
        feed.delete()


def begin_due(*, now: datetime) -> list[Feed]:
    """Those that somebody has left in the middle, and those whose time has come."""
    at_work = Q(state__in=Feed.OPEN, claimed_at__gte=now - Feed.LEASE)
    room = max(AT_ONCE - Feed.objects.filter(at_work).count(), 0)
    found = list(Feed.free(now).order_by("claimed_at")[:room])
    time_has_come = Q(next_at=None) | Q(next_at__lte=now)
    due = Feed.objects.filter(time_has_come, is_on=True).exclude(state__in=Feed.OPEN)
    for feed in due.order_by("next_at")[: room - len(found)]:
        if request_sync(feed=feed, now=now):
            found.append(feed)
    return found


# --- the work -------------------------------------------------------------------------


def continue_sync(
    *,
    pk: object,
    now: datetime,
    stop: Callable[[], bool] = lambda: False,
    seconds: float = SLICE,
) -> Slice | None:
    """Go on for so long. None if there is nothing to do, or another is at it.

    Raises `storage.Away`; then it is free for another try.
    """
    feed = Feed.take(pk, now)
    if feed is None:
        return None
    done = Slice()
    alive = _Alive(feed, stop, time.monotonic() + seconds)
    try:
        with translation.override(feed.language or settings.LANGUAGE_CODE):
            _continue(feed, done, alive)
    except (Paused, storage.Away) as wait:
        feed.give_back(counts=False)
        done.more = isinstance(wait, Paused)
        if not done.more:
            raise
    except ClaimLost:
        logger.info("feed %s: another is at it", pk)
    finally:
        feed.give_back()
    return done


def _continue(feed: Feed, done: Slice, alive: _Alive) -> None:
    if feed.state == States.LOOKING:
        _look(feed, alive)
        return
    if feed.state == States.READING:
        try:
            _read(feed, alive)
        except FeedError as error:
            _end_unread(feed, str(error))
            return
    outcome = Outcome(**feed.progress)
    for piece in taking.take(feed, outcome, alive.check_slice):
        done.made = piece
    held = retiring.retire(feed, outcome, alive)
    _end(feed, outcome, held)


def _fetch(
    feed: Feed, known: Validators, target: IO[bytes], alive: Callable[[], None]
) -> Body | None:
    """Raises `FeedError`, `storage.Away`."""
    language = translation.get_language() or "en"

    def fetch() -> Body | None:
        with translation.override(language):
            if feed.file_name:
                return _copy(feed.file_name, target)
            return fetching.fetch_feed(feed.address, known, target)

    coming = pictures.begin(fetch)
    pictures.wait_for(coming, alive)
    return coming.result()


def _copy(name: str, target: IO[bytes]) -> Body:
    try:
        storage.copy(name, target)
    except FileNotFoundError:
        raise FeedError(_("The file is no longer there.")) from None
    return Body(Validators())


def _read(feed: Feed, alive: Callable[[], None]) -> None:
    """Write down what has changed. Raises `FeedError`; then nothing was."""
    rules = Rules()
    known = Validators()
    if feed.read_by_rules == rules.digest:
        known = Validators(feed.etag, feed.last_modified)
    with tempfile.TemporaryFile() as body, staging.open_changed() as changed:
        got = _fetch(feed, known, body, alive)
        fields: dict[str, object] = {}
        if got is not None:
            body.seek(0)
            outcome = Outcome()
            raws = reading.read(body, got.charset)
            read = staging.compare(feed, raws, rules, outcome, changed, alive)
            # Killed from here on, the feed is not what was last read of it.
            feed.renew(timezone.now(), etag="", last_modified="")
            staging.write(feed, read, rules, alive)
            fields = {
                "etag": got.validators.etag,
                "last_modified": got.validators.last_modified,
                "read_by_rules": rules.digest,
                "unplaced": [vars(problem) for problem in outcome.unplaced],
            }
    feed.state, feed.unplaced = States.TAKING, fields.get("unplaced", feed.unplaced)
    feed.renew(timezone.now(), state=feed.state, **fields)


def _end_unread(feed: Feed, sentence: str) -> None:
    soon = min(SOON, timedelta(hours=feed.every_hours))
    feed.end(state=States.UNREADABLE, problem=sentence, next_at=timezone.now() + soon)


def _end(feed: Feed, outcome: Outcome, held: int) -> None:
    _tell(feed, outcome)
    problem = retiring.say_held(held) if held else ""
    if problem:
        outcome.problems.insert(0, Problem(0, "", problem))
    feed.end(
        state=States.WAITING,
        report=outcome.report(),
        problem=problem,
        held=held,
        may_retire_many=False,
        synced_at=timezone.now(),
    )


def _tell(feed: Feed, outcome: Outcome) -> None:
    """The report on all items, those too that this reading has not changed."""
    rows = FeedItem.objects.filter(feed=feed)
    pieces = rows.filter(state__in=FeedItem.KEEPS).exclude(garment=None)
    there = pieces.aggregate(n=Count("garment", distinct=True))["n"]
    outcome.unchanged = max(there - outcome.touched, 0)
    wrong = rows.exclude(problem="").order_by("line")[: MOST_PROBLEMS + 1]
    told = [Problem(row.line, row.sku, row.problem) for row in wrong]
    outcome.unplaced = [Problem(**one) for one in feed.unplaced]
    outcome.tell_problems(told)
    left = rows.filter(state=FeedItem.State.LEFT_OUT).order_by()
    reasons: Counter[str] = Counter()
    for why, n in left.values_list("rule__reason").annotate(n=Count("pk")):
        reasons[why or _("by a rule")] += n
    sold_out = rows.filter(state=FeedItem.State.SOLD_OUT).count()
    if sold_out:
        reasons[_("out of stock")] += sold_out
    outcome.tell_left_out(reasons)
    shared = pieces.count() - there
    outcome.tell_shared(shared)
    outcome.tell_later()


def look_at(
    feed: Feed,
    file: IO[bytes] | None = None,
    alive: Callable[[], None] = lambda: None,
) -> Outcome:
    """What a sync would do; nothing of the catalogue or of the items is changed.

    The feed need not be saved. `file`: its body, if it is at hand. Raises `FeedError`.
    """
    saved = feed if feed.pk else None
    if file is not None:
        return dry_run.run(saved, file, "", alive)
    with tempfile.TemporaryFile() as body:
        got = _fetch(feed, Validators(), body, alive)
        body.seek(0)
        return dry_run.run(saved, body, got.charset if got else "", alive)


def _look(feed: Feed, alive: _Alive) -> None:
    try:
        outcome = look_at(feed, alive=alive)
    except FeedError as error:
        feed.end(state=States.UNREADABLE, problem=str(error))
        return
    problem = feed.problem if feed.held else ""
    feed.end(state=States.WAITING, look=outcome.report(), problem=problem)
