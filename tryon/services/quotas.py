"""Tries left: rows counted over a rolling 24 hours, never a counter.

`spend` runs inside the creating transaction, after locking the owner's row and then
the shop's, so that of fifty requests for the last try exactly one passes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import TryOn, User
from ..models.accounts import Shop


class LimitReached(Exception):
    """No try is left; the message is a sentence for the customer.

    `next_in`: seconds until one is, if that is known.
    """

    def __init__(self, sentence: str, next_in: float | None = None):
        super().__init__(sentence)
        self.next_in = next_in


@dataclass(frozen=True)
class Tries:
    used: int
    limit: int
    next_at: datetime | None  # when a used one comes back
    next_when: str = ""  # the same in words

    @property
    def left(self) -> int:
        return max(self.limit - self.used, 0)


def count_tries(owner: User | None, now: datetime) -> Tries:
    """What this owner has used and has left; two queries at most."""
    if owner is None:
        limit = settings.TRYON_GUEST_LIMIT if settings.TRYON_GUESTS else 0
        return Tries(0, limit, None)
    rows = TryOn.objects.filter(owner=owner).counted(now)
    limit = owner.limit
    if owner.is_shop:
        return Tries(rows.count(), limit, None)
    times = list(rows.order_by("created_at").values_list("created_at", flat=True))
    next_at = None
    if len(times) >= limit > 0:
        next_at = times[len(times) - limit] + timedelta(days=1)
    return Tries(
        len(times), limit, next_at, describe_moment(next_at, now) if next_at else ""
    )


def spend(owner: User, count: int, now: datetime) -> None:
    """Lock and check; the caller then creates `count` try-ons in this transaction.

    Raises `LimitReached`.
    """
    (owner,) = User.objects.lock(owner)
    if owner.blocked_at is not None:
        raise LimitReached(_("Your account is paused. Write to the shop."))
    tries = count_tries(owner, now)
    left = tries.left
    if 0 < left < count:
        raise LimitReached(
            ngettext(
                "%(left)d try is left today. Take %(over)d off first.",
                "%(left)d tries are left today. Take %(over)d off first.",
                left,
            )
            % {"left": left, "over": count - left}
        )
    if left < count:
        free = (tries.next_at - now).total_seconds() if tries.next_at else None
        raise LimitReached(explain_limit(owner, now), free)
    if settings.TRYON_SHOP_DAILY_LIMIT:
        Shop.lock()
    shops = count_shops_tries_left(now)
    if shops is not None and shops < count:
        raise LimitReached(_("The fitting room is full for today. Try again tomorrow."))


def count_shops_tries_left(now: datetime) -> int | None:
    """Of its ceiling for 24 hours; None where it has none."""
    ceiling = settings.TRYON_SHOP_DAILY_LIMIT
    if not ceiling:
        return None
    return max(ceiling - TryOn.objects.counted(now).count(), 0)


def explain_limit(owner: User, now: datetime) -> str:
    left = count_tries(owner, now)
    if owner.is_guest:
        guests = ngettext(
            "Guests have %(n)d try.", "Guests have %(n)d tries.", left.limit
        ) % {"n": left.limit}
        most = settings.TRYON_DAILY_LIMIT
        account = ngettext(
            "With an account it is %(n)d try a day.",
            "With an account it is %(n)d tries a day.",
            most,
        ) % {"n": most}
        return f"{guests} {account}"
    sentence = ngettext(
        "You have used today's %(n)d try.",
        "You have used today's %(n)d tries.",
        left.limit,
    ) % {"n": left.limit}
    if left.next_at is None:
        return sentence
    free = _("The next is free %(when)s.") % {
        "when": describe_moment(left.next_at, now)
    }
    return f"{sentence} {free}"


def describe_moment(at: datetime, now: datetime) -> str:
    """ "at 16:40" or "tomorrow at 16:40"."""
    local = timezone.localtime(at)
    time = time_format(local, "H:i")
    if local.date() > timezone.localtime(now).date():
        return _("tomorrow at %(time)s") % {"time": time}
    return _("at %(time)s") % {"time": time}
