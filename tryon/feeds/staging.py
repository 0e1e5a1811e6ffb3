"""A feed beside what was last read of it: what is another is written down as pending.

The whole feed is read before anything is written: one that breaks in its middle changes
nothing. What has changed waits in a file meanwhile.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import IO

from django.db import transaction
from django.utils.translation import gettext as _

from ..models import Garment
from ..models.feeds import Feed, FeedItem
from ..services.catalogue.vocabulary import fold
from . import items
from .fields import Raw
from .kinds import Rules
from .outcome import Outcome, Problem

BATCH = 500  # items; what one query may name
MOST_SHOWN = 2 * 40  # letters of an SKU that is none
WRITTEN = [
    "digest", "line", "state", "rule", "kind", "name", "product_url", "group",
    "image_link", "more_images", "pending", "problem",
]  # fmt: skip
GONE, TAKEN = FeedItem.State.GONE, FeedItem.State.TAKEN


@dataclass
class Reading:
    """What was read: whose SKU is in it, and what has changed, in a file."""

    changed: IO[str]
    seen: set[str] = field(default_factory=set)

    def add(self, raw: Raw, digest: str) -> None:
        self.changed.write(json.dumps([digest, asdict(raw)]) + "\n")

    def read_changed(self) -> Iterator[tuple[str, Raw]]:
        self.changed.seek(0)
        for line in self.changed:
            digest, raw = json.loads(line)
            yield digest, Raw(**raw)


def batches(source: Iterable[Raw], size: int = BATCH) -> Iterator[list[Raw]]:
    iterator = iter(source)
    while batch := list(islice(iterator, size)):
        yield batch


def compare(
    feed: Feed | None,
    raws: Iterable[Raw],
    rules: Rules,
    outcome: Outcome,
    changed: IO[str],
    alive: Callable[[], None],
) -> Reading:
    """Read all of it. Raises `FeedError`, and what `alive` raises after each batch."""
    reading = Reading(changed)
    seen = Seen(outcome)
    reading.seen = seen.skus
    for batch in batches(raws):
        placed = [(sku, raw) for raw in batch if (sku := seen.place(raw))]
        known = _read_digests(feed, [sku for sku, _raw in placed])
        for sku, raw in placed:
            digest = items.compute_digest(raw, rules)
            if known.get(sku) != digest:
                reading.add(raw, digest)
        alive()
    return reading


def _read_digests(feed: Feed | None, skus: list[str]) -> dict[str, str]:
    """Of items that are in the feed; one that was gone has to be brought back."""
    rows = FeedItem.objects.filter(feed=feed, sku__in=skus).exclude(state=GONE)
    return dict(rows.values_list("sku", "digest"))


class Seen:
    """Tells lines that are items from those that are not."""

    def __init__(self, outcome: Outcome):
        self.outcome = outcome
        self.skus: set[str] = set()
        self.lines: dict[str, tuple[str, int]] = {}
        shops = Garment.objects.filter(owner=None).exclude(sku="")
        skus = shops.values_list("sku", flat=True).iterator(chunk_size=2000)
        # Mostly it is the feed itself that has brought them, in the same letters.
        self.theirs: dict[str, str] = {}
        self.twins: set[str] = set()  # who are there in several ways of writing
        for sku in skus:
            other = self.theirs.setdefault(fold(sku), sku)
            if other != sku:
                self.twins |= {sku, other}

    def place(self, raw: Raw) -> str:
        """Its SKU; empty for a line that is none, which is told."""
        sku = items.clean(raw.fields.get("id", ""))
        problem = items.find_sku_problem(sku) or self._find_twin(sku)
        if problem:
            shown = sku if len(sku) <= MOST_SHOWN else f"{sku[:MOST_SHOWN]}…"
            self.outcome.add_unplaced(Problem(raw.line, shown, problem))
            return ""
        raw.fields["id"] = sku
        self.lines[fold(sku)] = (sku, raw.line)
        self.skus.add(sku)
        return sku

    def _find_twin(self, sku: str) -> str:
        other, line = self.lines.get(fold(sku), ("", 0))
        if other == sku:
            sentence = _("this SKU is in the feed twice, first on line %(number)d")
            return sentence % {"number": line}
        if other:
            sentence = _(
                "line %(line)d has this SKU as %(other)s: is it the same piece?"
            )
            return sentence % {"line": line, "other": other}
        other = self.theirs.get(fold(sku), sku)
        if other != sku and sku not in self.twins:
            sentence = _(
                "the catalogue has this SKU as %(other)s: is it the same piece?"
            )
            return sentence % {"other": other}
        return ""


def write(
    feed: Feed, reading: Reading, rules: Rules, alive: Callable[[], None]
) -> None:
    """What has changed, then what is gone. Each batch can be written twice."""
    changed = reading.read_changed()
    while batch := list(islice(changed, BATCH)):
        _write_batch(feed, batch, rules)
        alive()
    rows = FeedItem.objects.filter(feed=feed)
    there = rows.exclude(state=GONE).values_list("pk", "sku").iterator(chunk_size=2000)
    gone = [pk for pk, sku in there if sku not in reading.seen]
    for start in range(0, len(gone), BATCH):
        lost = rows.filter(pk__in=gone[start : start + BATCH])
        lost.filter(garment=None).delete()
        lost.update(state=GONE, digest="", pending=False, problem="", rule=None)
        alive()


def _write_batch(feed: Feed, batch: list[tuple[str, Raw]], rules: Rules) -> None:
    skus = [raw.fields["id"] for _digest, raw in batch]
    rows = FeedItem.objects.filter(feed=feed)
    known = {row.sku: row for row in rows.filter(sku__in=skus)}
    fresh: list[FeedItem] = []
    others: list[FeedItem] = []
    groups: set[str] = set()
    for digest, raw in batch:
        row = known.get(raw.fields["id"])
        item = row or FeedItem(feed=feed, sku=raw.fields["id"])
        groups |= {item.group}
        items.judge(item, raw, rules)
        groups |= {item.group}
        item.digest = digest
        (fresh if row is None else others).append(item)
    with transaction.atomic():
        FeedItem.objects.bulk_create(fresh)
        FeedItem.objects.bulk_update(others, WRITTEN, batch_size=100)
        # Who shares a piece with whom may be another now.
        siblings = rows.filter(group__in=groups - {""}, state=TAKEN)
        siblings.exclude(garment=None).update(pending=True)


def open_changed() -> IO[str]:
    return tempfile.TemporaryFile("w+", encoding="utf-8")
