"""A guest becomes an account."""

from typing import Any

from django.db import transaction

from .. import erasing
from ..models import Export, Fitting, TryOn, User


def claim_guest(*, guest: User, owner: User) -> None:
    """Signing in moves what the guest of this browser has made to the account."""
    with transaction.atomic():
        for photo in guest.photos.all():
            _hand_over(photo, owner, "photo", owner.photos)
        for garment in guest.garments.all():
            mine = owner.garments.filter(kind=garment.kind)
            _hand_over(garment, owner, "garment", mine)
        TryOn.objects.filter(owner=guest).update(owner=owner)
        Fitting.objects.filter(owner=guest).update(owner=owner)
        Export.objects.filter(owner=guest).update(owner=owner)
        owner.favourite_garments.add(*guest.favourite_garments.all())
        guest.delete()


def _hand_over(row: Any, owner: User, noun: str, mine: Any) -> None:
    twin = mine.filter(source_sha256=row.source_sha256).first()
    if twin is None:
        row.owner = owner
        row.save(update_fields=["owner"])
        return
    if noun == "photo":
        Fitting.objects.filter(photo=row).update(photo=twin)
    for field in ("photo",) if noun == "photo" else ("garment", "bottom_garment"):
        TryOn.objects.filter(**{field: row}).update(**{field: twin})
    names = row.file_names
    erasing.erase(names)
