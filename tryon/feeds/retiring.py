"""What is gone from the feed, or sold out, is retired; not too much at once.

A feed that was cut short by a mistake of the shop's must not empty its fitting room.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import services
from ..models import Garment
from ..models.feeds import Feed, FeedItem
from .outcome import Outcome

MOST_SHARE, FEW = 0.3, 2  # of the live pieces; one by itself never matters
BATCH = 200


def find_live(feed: Feed) -> QuerySet[Garment]:
    """Pieces that this feed has brought."""
    theirs = FeedItem.objects.filter(feed=feed, garment=OuterRef("pk"))
    return Garment.objects.catalogue().filter(Exists(theirs.filter(brought=True)))


def find_lost(feed: Feed) -> QuerySet[Garment]:
    """Those of them that no item of the feed keeps."""
    theirs = FeedItem.objects.filter(feed=feed, garment=OuterRef("pk"))
    return find_live(feed).exclude(Exists(theirs.filter(state__in=FeedItem.KEEPS)))


def are_too_many(lost: int, live: int) -> bool:
    return lost >= FEW and lost > MOST_SHARE * live


def say_held(held: int) -> str:
    sentence = _(
        "%(n)d pieces would be retired at once, more than %(share)d %% of those that "
        "this feed has brought. None was: is the feed whole? If so, retire them in the "
        "admin."
    )
    return sentence % {"n": held, "share": 100 * MOST_SHARE}


def retire(feed: Feed, outcome: Outcome, alive: Callable[[], None]) -> int:
    """How many a person has to decide about; with 0 all are retired."""
    lost, live = find_lost(feed).count(), find_live(feed).count()
    # As many as the person who allowed it has seen.
    allowed = feed.may_retire_many and lost <= feed.held
    if are_too_many(lost, live) and not allowed:
        return lost
    while pks := list(find_lost(feed).values_list("pk", flat=True)[:BATCH]):
        _retire(feed, pks, outcome, timezone.now())
        alive()
    return 0


def _retire(feed: Feed, pks: list[UUID], outcome: Outcome, now: datetime) -> None:
    with transaction.atomic():
        for garment in Garment.objects.filter(pk__in=pks):
            services.retire_garment(garment=garment, now=now)
        FeedItem.objects.filter(feed=feed, garment__in=pks).update(retired=True)
        outcome.retired += len(pks)
        feed.renew(now, progress=outcome.count())
