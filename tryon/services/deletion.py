"""What is deleted is gone: files, renditions, results. Tombstones keep the count."""

from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from .. import exports, media
from ..models import Export, Garment, Handoff, Photo, Result, Share, Status, TryOn, User
from ..models.try_on import FINAL
from .try_ons import cancel


def delete_photo(*, photo: Photo, now: datetime, by: User | None) -> None:
    """With the pictures made from it."""
    _delete_picture(photo, Q(photo=photo), now, by)


def delete_garment(*, garment: Garment, now: datetime, by: User | None) -> None:
    """A customer's own piece, with the pictures made with it."""
    made = Q(garment=garment) | Q(bottom_garment=garment)
    _delete_picture(garment, made, now, by)


def _delete_picture(
    row: Photo | Garment, made: Q, now: datetime, by: User | None
) -> None:
    with transaction.atomic():
        for try_on in TryOn.objects.filter(made):
            delete_try_on(try_on=try_on, now=now, by=by)
        names = row.file_names
        row.delete()
        transaction.on_commit(lambda: media.delete(names))


def delete_try_on(*, try_on: TryOn, now: datetime, by: User | None) -> None:
    """Its picture is gone at once; a tombstone without pictures keeps the count.

    One that the API has already runs on there; its answer is dropped.
    """
    with transaction.atomic():
        if try_on.deleted_at is None and try_on.status in (
            Status.QUEUED,
            Status.UNCONFIRMED,
        ):
            cancel(try_on=try_on, now=now, by=by)
        # First the row, which then holds whoever is just completing it.
        TryOn.objects.filter(pk=try_on.pk).update(
            deleted_at=now,
            photo=None,
            garment=None,
            bottom_garment=None,
            result_url="",
            raw_answer=None,
            failure_detail="",
        )
        Share.objects.filter(try_on=try_on.pk).delete()
        for export in Export.objects.filter(owner=try_on.owner_id):
            exports.drop(export)
        for result in Result.objects.filter(try_on=try_on.pk):
            names = result.file_names
            result.delete()
            transaction.on_commit(partial(media.delete, names))


def delete_owner(*, owner: User, now: datetime) -> None:
    """Everything of a person: pictures, results, account. Tombstones keep no name."""
    with transaction.atomic():
        for try_on in TryOn.objects.filter(owner=owner, deleted_at=None):
            delete_try_on(try_on=try_on, now=now, by=None)
        for export in Export.objects.filter(owner=owner):
            exports.drop(export)
        names = [
            name
            for row in [*owner.photos.all(), *owner.garments.all()]
            for name in row.file_names
        ]
        owner.delete()
        transaction.on_commit(lambda: media.delete(names))


def purge(*, now: datetime) -> None:
    """What is due goes: guests after a day, tombstones past the quota's window."""
    for guest in User.objects.expired_guests(now):
        delete_owner(owner=guest, now=now)
    TryOn.objects.tombstones(now).delete()
    Handoff.objects.filter(expires_at__lt=now).delete()
    exports.purge(now=now)
    if settings.TRYON_RETENTION_DAYS:
        _retire_old(now - timedelta(days=settings.TRYON_RETENTION_DAYS), now)


def _retire_old(before: datetime, now: datetime) -> None:
    """Where the shop keeps pictures for so many days only."""
    for photo in Photo.objects.filter(created_at__lt=before):
        delete_photo(photo=photo, now=now, by=None)
    for garment in Garment.objects.filter(owner__isnull=False, created_at__lt=before):
        delete_garment(garment=garment, now=now, by=None)
    over = TryOn.objects.existing().in_status(FINAL).filter(created_at__lt=before)
    for try_on in over:
        delete_try_on(try_on=try_on, now=now, by=None)
