"""A photo comes in from a phone, by a code that works once."""

from datetime import datetime

from django.db import transaction

from ..models import Handoff, Photo, User
from ..models.handoff import LIFETIME
from ..pictures import normalise, storage
from .pictures import add_photo


def open_handoff(*, owner: User, now: datetime) -> tuple[Handoff, str]:
    """A new code for this owner; an earlier open one ends. Returns its secret too."""
    secret = Handoff.new_secret()
    with transaction.atomic():
        User.objects.lock(owner)
        Handoff.objects.filter(owner=owner, used_at=None).delete()
        handoff = Handoff.objects.create(
            owner=owner,
            secret_sha256=Handoff.hashed(secret),
            expires_at=now + LIFETIME,
        )
    return handoff, secret


def find_handoff(*, secret: str, now: datetime) -> Handoff | None:
    """The open one that this code belongs to."""
    hashed = Handoff.hashed(secret)
    handoff = (
        Handoff.objects.filter(secret_sha256=hashed).select_related("owner").first()
    )
    return handoff if handoff is not None and handoff.is_open(now) else None


def use_handoff(
    *, handoff: Handoff, picture: normalise.Picture, now: datetime
) -> Photo | None:
    """The photo, stored for the code's owner; None if another upload was first.

    Raises `storage.Away`; the code can then be used again.
    """
    row = Handoff.objects.filter(pk=handoff.pk)
    still_open = row.filter(used_at=None, expires_at__gt=now, owner__isnull=False)
    if not still_open.update(used_at=now):
        return None
    try:
        photo = add_photo(owner=handoff.owner, picture=picture, now=now)
    except storage.Away:
        row.update(used_at=None)
        raise
    row.update(photo=photo)
    return photo
