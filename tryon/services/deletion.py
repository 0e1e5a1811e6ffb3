"""What is deleted is gone: files, renditions, results. Tombstones keep the count."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q

from .. import erasing, exports
from ..models import (
    DeletionReceipt,
    Export,
    Garment,
    Handoff,
    Photo,
    Result,
    Share,
    Status,
    TryOn,
    User,
)
from ..models.try_on import FINAL, TryOnQuerySet
from .try_ons import cancel


def delete_photo(*, photo: Photo, now: datetime, by: User | None) -> DeletionReceipt:
    """With the pictures made from it."""
    return _delete_picture(photo, Q(photo=photo), now, by)


def delete_garment(
    *, garment: Garment, now: datetime, by: User | None
) -> DeletionReceipt:
    """A customer's own piece, with the pictures made with it."""
    made = Q(garment=garment) | Q(bottom_garment=garment)
    return _delete_picture(garment, made, now, by)


def delete_try_ons(
    *, owner: User, try_ons: Iterable[TryOn], now: datetime
) -> DeletionReceipt:
    """Pictures that their owner has chosen."""
    with transaction.atomic():
        counted = _counted(TryOn.objects.filter(pk__in=[row.pk for row in try_ons]))
        for try_on in try_ons:
            delete_try_on(try_on=try_on, now=now, by=owner)
        return _receipt(owner, now, **counted)


def delete_all_pictures(*, owner: User, now: datetime) -> DeletionReceipt:
    """Photos, own garments and results; the account stays."""
    with transaction.atomic():
        counted = _counted(owner.try_ons.all())
        counted |= {"photos": owner.photos.count(), "garments": owner.garments.count()}
        _delete_all(owner, now)
        return _receipt(owner, now, **counted)


def _counted(try_ons: TryOnQuerySet) -> dict[str, int]:
    rows = try_ons.existing()
    links = Share.objects.filter(try_on__in=rows, revoked_at=None)
    return {"pictures": rows.count(), "links": links.count()}


def _receipt(owner: User | None, now: datetime, **counts: Any) -> DeletionReceipt:
    number = secrets.token_hex(6).upper()
    return DeletionReceipt.objects.create(
        number=f"{number[:4]}-{number[4:8]}-{number[8:]}", owner=owner, at=now, **counts
    )


def _delete_picture(
    row: Photo | Garment, made: Q, now: datetime, by: User | None
) -> DeletionReceipt:
    with transaction.atomic():
        counted = _counted(TryOn.objects.filter(made))
        counted["photos" if isinstance(row, Photo) else "garments"] = 1
        for try_on in TryOn.objects.filter(made):
            delete_try_on(try_on=try_on, now=now, by=by)
        names = row.file_names
        owner = row.owner
        row.delete()
        erasing.erase(names)
        return _receipt(owner, now, **counted)


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
            erasing.erase(names)


def delete_owner(*, owner: User, now: datetime) -> DeletionReceipt:
    """Everything of a person: pictures, results, account, sessions, traces in logs.

    Tombstones, which keep the shop's counts and the slots of requests on their way,
    name nobody; nor does the receipt.
    """
    with transaction.atomic():
        counted = _counted(owner.try_ons.all())
        counted |= {"photos": owner.photos.count(), "garments": owner.garments.count()}
        _delete_all(owner, now)
        for session in UserSession.objects.filter(user=owner):
            session.end()
        kind = ContentType.objects.get_for_model(User)
        LogEntry.objects.filter(content_type=kind, object_id=str(owner.pk)).delete()
        owner.delete()
        return _receipt(None, now, account=True, **counted)


def _delete_all(owner: User, now: datetime) -> None:
    for try_on in TryOn.objects.filter(owner=owner, deleted_at=None):
        delete_try_on(try_on=try_on, now=now, by=None)
    for export in Export.objects.filter(owner=owner):
        exports.drop(export)
    rows = [*owner.photos.all(), *owner.garments.all()]
    names = [name for row in rows for name in row.file_names]
    owner.photos.all().delete()
    owner.garments.all().delete()
    erasing.erase(names)


def purge(*, now: datetime) -> None:
    """What is due goes: guests after a day, tombstones past the quota's window."""
    erasing.finish()
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
