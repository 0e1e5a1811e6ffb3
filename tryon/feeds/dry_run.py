"""What a sync would do, told without a write and without fetching a picture."""

from collections import Counter
from collections.abc import Callable
from typing import IO

from django.utils.translation import gettext as _

from ..models import Garment
from ..models.feeds import Feed, FeedItem
from . import items, reading, retiring, staging
from .fields import Raw
from .kinds import Rules
from .outcome import MOST_PROBLEMS, Outcome, Problem
from .taking import FIELDS, is_ours, owns_piece

States = FeedItem.State


def run(
    feed: Feed | None, body: IO[bytes], charset: str, alive: Callable[[], None]
) -> Outcome:
    """`feed`: None for one that is not there yet. Raises `FeedError`."""
    return _Look(feed, alive).run(body, charset)


class _Look:
    def __init__(self, feed: Feed | None, alive: Callable[[], None]):
        self.feed = feed
        self.alive = alive
        self.outcome = Outcome()
        self.reasons: Counter[str] = Counter()
        self.problems: list[Problem] = []
        self.shown: set[tuple[str, str]] = set()  # group and picture
        self.kept: set[object] = set()  # pieces that an item of the feed keeps
        self.shared = 0
        self.is_another = False  # than when it was last taken in

    def run(self, body: IO[bytes], charset: str) -> Outcome:
        rules = Rules()
        seen = staging.Seen(self.outcome)
        for batch in staging.batches(reading.read(body, charset)):
            placed = {sku: raw for raw in batch if (sku := seen.place(raw))}
            rows = self._read_rows(list(placed))
            pieces = self._read_pieces(list(placed))
            for sku, raw in placed.items():
                row = rows.get(sku) or FeedItem(feed=self.feed, sku=sku)
                self._look_at(row, raw, rules, pieces.get(sku))
            self.alive()
        self._look_for_lost()
        outcome = self.outcome
        outcome.tell_problems(self.problems)
        outcome.tell_left_out(self.reasons)
        outcome.tell_shared(self.shared)
        return outcome

    def _read_rows(self, skus: list[str]) -> dict[str, FeedItem]:
        rows = FeedItem.objects.filter(feed=self.feed, sku__in=skus)
        return {row.sku: row for row in rows.select_related("garment")}

    def _read_pieces(self, skus: list[str]) -> dict[str, Garment]:
        pieces = Garment.objects.filter(owner=None, sku__in=skus).exclude(sku="")
        return {piece.sku: piece for piece in pieces}

    def _look_at(
        self, item: FeedItem, raw: Raw, rules: Rules, piece: Garment | None
    ) -> None:
        digest = items.compute_digest(raw, rules)
        self.is_another = item.pending or item.digest != digest
        items.judge(item, raw, rules)
        if item.problem and len(self.problems) <= MOST_PROBLEMS:
            self.problems.append(Problem(item.line, item.sku, item.problem))
        if item.state in FeedItem.KEEPS and item.garment_id:
            self.kept.add(item.garment_id)
        if item.state == States.LEFT_OUT:
            self.reasons[(item.rule and item.rule.reason) or _("by a rule")] += 1
        elif item.state == States.SOLD_OUT:
            self.reasons[_("out of stock")] += 1
        elif item.state == States.TAKEN:
            self._compare(item, piece)

    def _compare(self, item: FeedItem, piece: Garment | None) -> None:
        place = (item.group, item.image_link)
        if item.group and not owns_piece(item):
            if place in self.shown or self._is_shown(item):
                self.shared += 1
                return
            self.shown.add(place)
        if piece is None:
            self.outcome.new += 1
            return
        self.shown.add(place)
        changed = self.is_another and any(
            getattr(piece, name) != getattr(item, name) for name in FIELDS
        )
        replaced = is_ours(item, piece) and item.picture_url != item.image_link
        self.outcome.changed += changed
        self.outcome.pictures_replaced += replaced
        self.outcome.back += item.retired
        self.outcome.unchanged += not (changed or replaced or item.retired)

    def _is_shown(self, item: FeedItem) -> bool:
        """By a piece that is there."""
        same = FeedItem.objects.filter(
            feed=self.feed, group=item.group, image_link=item.image_link
        )
        return any(owns_piece(one) for one in same.select_related("garment"))

    def _look_for_lost(self) -> None:
        if self.feed is None:
            return
        live = set(retiring.find_live(self.feed).values_list("pk", flat=True))
        lost = len(live - self.kept)
        if retiring.are_too_many(lost, len(live)):
            sentence = retiring.say_held(lost)
            self.problems.insert(0, Problem(0, "", sentence))
        else:
            self.outcome.retired = lost
