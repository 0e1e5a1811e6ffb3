"""Pending items become pieces of the catalogue, one after the other.

Each is written with its counts in one transaction, so that a kill at any moment leaves
the next one to go on; a piece that was made just before is found again by its SKU.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from .. import services
from ..models import ClaimLost, Garment
from ..models.feeds import Feed, FeedItem
from . import pictures
from .errors import PictureUnusable, TryLater
from .fetching import Validators
from .outcome import Outcome
from .pictures import Fetched

AHEAD = 20  # rows that are read at once
# When a picture whose address stays is asked for again: not all on the same day.
DUE_FROM, DUE_TO = timedelta(days=1), timedelta(days=7)
TAKEN = FeedItem.State.TAKEN
FIELDS = ("name", "kind", "product_url")


def take(feed: Feed, outcome: Outcome, alive: Callable[[], None]) -> Iterator[Garment]:
    """From the cursor on; gives each piece with a new picture.

    Raises `storage.Away`, `ClaimLost`, and what `alive` raises, which is called every
    few seconds.
    """
    taking = _Taking(feed, outcome)
    for item, future in pictures.fetch_ahead(_read_rows(feed), taking.ask, alive):
        made = taking.take(item.pk, future)
        if made is not None:
            yield made
        alive()


def _read_rows(feed: Feed) -> Iterator[FeedItem]:
    """What is pending, and pictures that may have changed under their address."""
    due = Q(picture_due_at__lte=feed.begun_at, garment__isnull=False)
    wanted = FeedItem.objects.filter(Q(pending=True) | due, feed=feed, state=TAKEN)
    last = feed.cursor
    while some := list(
        wanted.filter(pk__gt=last).order_by("pk").select_related("garment")[:AHEAD]
    ):
        yield from some
        last = some[-1].pk


class _Taking:
    def __init__(self, feed: Feed, outcome: Outcome):
        self.feed = feed
        self.outcome = outcome
        self.language = translation.get_language() or "en"

    def ask(self, item: FeedItem) -> Callable[[], Fetched] | None:
        """How to fetch its picture; None for one that is there or is another's."""
        if self._find_leader(item).pk != item.pk:
            return None
        piece = self._find_piece(item)
        begun = self.feed.begun_at
        due = begun and item.picture_due_at and item.picture_due_at <= begun
        another = item.picture_url != item.image_link
        if piece is None or (is_ours(item, piece) and (another or due)):
            return partial(pictures.fetch, item, self.language)
        return None

    def take(self, pk: int, future: "Future[Fetched] | None") -> Garment | None:
        """The piece, if it has a new picture."""
        # As it is by now: what one item does can change the others of its group.
        item = FeedItem.objects.filter(pk=pk).select_related("garment").first()
        if item is None:
            raise ClaimLost(f"{self.feed}")  # the feed was deleted
        leader = self._find_leader(item)
        made = None
        if leader.pk != item.pk:
            item.garment, item.problem = leader.garment, ""
            item.pending = item.garment is None
            touched = self._bring_back(item)
        else:
            made, touched = self._take_own(item, future)
        self._finish(item, touched=touched)
        return made

    def _find_leader(self, item: FeedItem) -> FeedItem:
        """Of the variants with this picture the one whose piece shows it.

        Who has a piece of its own keeps it; where nobody has, it is the first one's.
        """
        if not item.group or owns_piece(item):
            return item
        same = FeedItem.objects.filter(
            feed=self.feed, group=item.group, image_link=item.image_link
        )
        mates = list(same.select_related("garment").order_by("pk"))
        owners = [one for one in mates if owns_piece(one)]
        first = [one for one in mates if one.state == TAKEN]
        return next(iter([*owners, *first]), item)

    def _find_piece(self, item: FeedItem) -> Garment | None:
        if owns_piece(item):
            return item.garment
        # That none is empty lets the database use the index of SKUs.
        pieces = Garment.objects.filter(owner=None, sku=item.sku).exclude(sku="")
        return pieces.first()

    def _take_own(
        self, item: FeedItem, future: "Future[Fetched] | None"
    ) -> tuple[Garment | None, bool]:
        """The piece, if it has a new picture; whether anything has changed."""
        now = timezone.now()
        is_another = item.pending
        item.problem, item.pending = "", True
        try:
            fetched = future.result() if future else None
        except PictureUnusable as error:
            item.problem = str(error)
            self._plan_next(item, now, item.picture_due_at is not None)
            return None, False
        except TryLater:
            self.outcome.later += 1
            return None, False
        piece = self._find_piece(item)
        if piece is not None:
            # Where only its picture is asked for again, what staff write stays.
            fields = FIELDS if is_another else ()
            return self._renew(item, piece, fetched, now, fields)
        if fetched is None or fetched.picture is None:
            return None, False  # its piece has gone since it was asked for
        return self._add(item, fetched, now)

    def _add(
        self, item: FeedItem, fetched: Fetched, now: datetime
    ) -> tuple[Garment | None, bool]:
        if fetched.picture is None:
            return None, False
        FeedItem.objects.filter(pk=item.pk).update(brought=True)
        try:
            piece = services.add_garment(
                owner=None,
                picture=fetched.picture,
                kind=item.kind,
                name=item.name,
                sku=item.sku,
                product_url=item.product_url,
                now=now,
            )
        except IntegrityError:
            item.problem = _("somebody else has just added a piece with this SKU")
            return None, False
        item.garment, item.brought, item.pending = piece, True, False
        self._note_picture(item, fetched, now)
        self.outcome.new += 1
        return piece, True

    def _renew(
        self,
        item: FeedItem,
        piece: Garment,
        fetched: Fetched | None,
        now: datetime,
        fields: Iterable[str],
    ) -> tuple[Garment | None, bool]:
        if not is_ours(item, piece):
            if piece.feed_items.exclude(feed=self.feed).exists():
                item.problem = _("another feed has brought a piece with this SKU")
                return None, False
            fetched = None  # somebody else has made it, with the picture they chose
        # Made just before the sync was killed, so that nobody has counted it.
        is_new = item.garment_id != piece.pk and item.brought
        item.garment, item.pending = piece, False
        changes = [
            name for name in fields if getattr(piece, name) != getattr(item, name)
        ]
        for name in changes:
            setattr(piece, name, getattr(item, name))
        picture = fetched.picture if fetched else None
        same = picture is None or picture.source_sha256 == piece.source_sha256
        if picture is not None and not same:
            services.replace_garment_picture(garment=piece, picture=picture, now=now)
        elif changes:
            piece.save(update_fields=changes)
        self._note_picture(item, fetched, now)
        self.outcome.new += is_new
        self.outcome.changed += bool(changes)
        self.outcome.pictures_replaced += not same
        back = self._bring_back(item)
        touched = is_new or bool(changes) or not same or back
        return (None if same else piece), touched

    def _note_picture(
        self, item: FeedItem, fetched: Fetched | None, now: datetime
    ) -> None:
        """Which picture its piece has now, and when it is asked for again."""
        item.picture_url = item.image_link
        if fetched is not None:
            item.picture_etag = fetched.validators.etag
            item.picture_modified = fetched.validators.last_modified
            # Without validators nobody could say whether it is another.
            self._plan_next(item, now, fetched.validators != Validators())

    def _plan_next(self, item: FeedItem, now: datetime, wanted: bool) -> None:
        wait = DUE_FROM + (DUE_TO - DUE_FROM) * random.random()  # noqa: S311
        item.picture_due_at = now + wait if wanted else None

    def _bring_back(self, item: FeedItem) -> bool:
        """Only what this feed has retired: what staff retire stays so."""
        piece = item.garment
        if piece is None or not item.retired:
            return False
        with transaction.atomic():
            FeedItem.objects.filter(feed=self.feed, garment=piece).update(retired=False)
            services.bring_garment_back(garment=piece)
        item.retired = False
        self.outcome.back += 1
        return True

    def _finish(self, item: FeedItem, *, touched: bool) -> None:
        """The item, the counts and how far we are. Raises `ClaimLost`."""
        self.outcome.touched += touched
        with transaction.atomic():
            item.save()
            self.feed.renew(
                timezone.now(),
                cursor=item.pk,
                progress=self.outcome.count(),
                attempts=1,  # only those without progress are counted
            )


def owns_piece(item: FeedItem) -> bool:
    return item.garment is not None and item.garment.sku == item.sku


def is_ours(item: FeedItem, piece: Garment) -> bool:
    """Whether it is linked, or was made for it just before the sync was killed."""
    return item.garment_id == piece.pk or item.brought
