"""A guest becomes an account."""

from django.db import transaction
from django.db.models import Model, QuerySet

from ..models import (
    Consent,
    DeletionReceipt,
    Export,
    Fitting,
    Garment,
    Handoff,
    OwnerGone,
    Photo,
    Report,
    TryOn,
    TryOnEvent,
    User,
)
from . import file_deletion

# By the column that names whose they are. Photos and garments have twins: see below.
MOVED: dict[type[Model], str] = {
    TryOn: "owner",
    TryOnEvent: "by",
    Fitting: "owner",
    Export: "owner",
    Handoff: "owner",
    Consent: "owner",
    Report: "by",
    DeletionReceipt: "owner",
}


def claim_guest(*, guest: User, owner: User) -> None:
    """Signing in moves what the guest of this browser has made to the account.

    Both are locked, so that what is uploaded meanwhile comes before or fails.
    """
    with transaction.atomic():
        try:
            User.objects.lock(guest, owner)
        except OwnerGone:
            return  # the same browser, signed in twice at once
        for photo in guest.photos.all():
            _hand_over(photo, owner.photos.all(), owner)
        for garment in guest.garments.all():
            _hand_over(garment, owner.garments.filter(kind=garment.kind), owner)
        for model, column in MOVED.items():
            rows = model._default_manager.filter(**{column: guest})
            rows.update(**{column: owner})
        owner.favourite_garments.add(*guest.favourite_garments.all())
        guest.delete()


def _hand_over(
    row: Photo | Garment, mine: QuerySet[Photo] | QuerySet[Garment], owner: User
) -> None:
    """Or what was made with it goes to the same picture that the account has."""
    twin = mine.filter(source_sha256=row.source_sha256).first()
    if twin is None:
        row.owner = owner
        row.save(update_fields=["owner"])
        return
    if isinstance(row, Photo):
        Fitting.objects.filter(photo=row).update(photo=twin)
        Handoff.objects.filter(photo=row).update(photo=twin)
        TryOn.objects.filter(photo=row).update(photo=twin)
    elif isinstance(twin, Garment):
        TryOn.objects.filter(garment=row).update(garment=twin)
        TryOn.objects.filter(bottom_garment=row).update(bottom_garment=twin)
        for fan in row.fans.all():
            fan.favourite_garments.add(twin)
    file_deletion.erase(row.file_names)
