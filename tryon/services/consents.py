"""What somebody agrees to before the first photo: who, which version, when."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ..models import Consent, User

# A new version asks everybody anew; docs say what is sent to whom.
VERSION = "2026-11"
TEXT = _(
    "I am in this photo or may use it, and it may be sent to the shop's picture "
    "maker, where it cannot be deleted by the shop."
)
MISSING = _("Tick the box first: without your consent no photo is taken.")


def has_consented(owner: User | None) -> bool:
    """Whether this owner's consent to the present version stands."""
    if owner is None:
        return False
    standing = Consent.objects.filter(owner=owner, version=VERSION, withdrawn_at=None)
    return standing.exists()


def give(*, owner: User, now: datetime, asserted_by: str = "") -> None:
    """`asserted_by`: the label of the shop key with which the shop said so.

    Raises `OwnerGone`.
    """
    if has_consented(owner):
        return
    with transaction.atomic():
        User.objects.lock(owner)
        Consent.objects.create(
            owner=owner, version=VERSION, given_at=now, asserted_by=asserted_by
        )


def withdraw(*, owner: User, now: datetime) -> None:
    """The next photo asks again. What is there stays until it is deleted."""
    Consent.objects.filter(owner=owner, withdrawn_at=None).update(withdrawn_at=now)
