"""What is deleted is gone: files, renditions, results. Tombstones keep the count."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from ..models import (
    DeletionReceipt,
    EmbedCount,
    EmbedToken,
    EventType,
    Export,
    Garment,
    Handoff,
    IdempotentRequest,
    Photo,
    Result,
    Share,
    Status,
    TokenBucket,
    TryOn,
    User,
    WebhookEvent,
)
from ..models.idempotency import KEPT
from ..models.states import FINAL
from ..models.try_on_queries import TryOnQuerySet
from ..models.webhooks import record_event
from . import chores, exports, file_deletion
from .try_ons import cancel

COUNTS_KEPT = timedelta(days=400)
EVENTS_KEPT, EVENTS_AT_ONCE = timedelta(days=30), 5000


def delete_photo(*, photo: Photo, now: datetime, by: User | None) -> DeletionReceipt:
    """With the pictures made from it."""
    return _delete_picture(photo, Q(photo=photo), now, by)


def delete_garment(
    *, garment: Garment, now: datetime, by: User | None
) -> DeletionReceipt:
    """A customer's own piece, with the pictures made with it."""
    pictures_of_it = Q(garment=garment) | Q(bottom_garment=garment)
    return _delete_picture(garment, pictures_of_it, now, by)


def delete_try_ons(
    *, owner: User, try_ons: Iterable[TryOn], now: datetime
) -> DeletionReceipt:
    """Pictures that their owner has chosen."""
    with transaction.atomic():
        rows = TryOn.objects.filter(pk__in=[row.pk for row in try_ons])
        counted = _counted(rows)
        _bury(rows, now, owner)
        return _receipt(owner, now, **counted)


def delete_all_pictures(*, owner: User, now: datetime) -> DeletionReceipt:
    """Photos, own garments and results; the account stays."""
    with transaction.atomic():
        User.objects.lock(owner)
        counted = _counted(owner.try_ons.all())
        counted |= {"photos": owner.photos.count(), "garments": owner.garments.count()}
        _delete_all(owner, now)
        return _receipt(owner, now, **counted)


def _counted(try_ons: TryOnQuerySet) -> dict[str, int]:
    rows = try_ons.existing()
    links = Share.objects.filter(try_on__in=rows, revoked_at=None)
    return {"pictures": rows.count(), "links": links.count()}


def _receipt(owner: User | None, now: datetime, **counts: int) -> DeletionReceipt:
    number = secrets.token_hex(6).upper()
    return DeletionReceipt.objects.create(
        number=f"{number[:4]}-{number[4:8]}-{number[8:]}", owner=owner, at=now, **counts
    )


def _delete_picture(
    row: Photo | Garment, pictures_of_it: Q, now: datetime, by: User | None
) -> DeletionReceipt:
    """Raises `ObjectDoesNotExist` if somebody has just deleted it."""
    with transaction.atomic():
        type(row)._default_manager.select_for_update().get(pk=row.pk)
        counted = _counted(TryOn.objects.filter(pictures_of_it))
        counted["photos" if isinstance(row, Photo) else "garments"] = 1
        _bury(TryOn.objects.filter(pictures_of_it), now, by)
        names = row.file_names
        owner = row.owner
        row.delete()
        file_deletion.erase(names)
        return _receipt(owner, now, **counted)


def delete_try_on(*, try_on: TryOn, now: datetime, by: User | None) -> None:
    """Its picture is gone at once; a tombstone without pictures keeps the count.

    One that the API has already runs on there; its answer is dropped.
    """
    _bury(TryOn.objects.filter(pk=try_on.pk), now, by)


def _bury(try_ons: TryOnQuerySet, now: datetime, by: User | None) -> None:
    """All of these, however many, with the same few queries."""
    with transaction.atomic():
        ids = list(try_ons.values_list("pk", flat=True))
        rows = TryOn.objects.filter(pk__in=ids)
        waiting = rows.existing().in_status((Status.QUEUED, Status.UNCONFIRMED))
        for try_on in waiting:
            cancel(try_on=try_on, now=now, by=by)
        # First the rows, which then hold whoever is just completing one.
        rows.update(
            deleted_at=now,
            photo=None,
            garment=None,
            bottom_garment=None,
            result_url="",
            raw_answer=None,
            failure_detail="",
        )
        Share.objects.filter(try_on__in=ids).delete()
        owners = rows.exclude(owner=None).order_by().values("owner").distinct()
        for export in Export.objects.filter(owner__in=owners):
            exports.drop(export)
        results = Result.objects.filter(try_on__in=ids)
        names = [name for result in results for name in result.file_names]
        results.delete()
        file_deletion.erase(names)


def delete_owner(*, owner: User, now: datetime) -> DeletionReceipt:
    """Everything of a person: pictures, results, account, sessions, traces in logs.

    Tombstones, which keep the shop's counts and the slots of requests on their way,
    name nobody; nor does the receipt. Raises `OwnerGone` if somebody was faster.
    """
    with transaction.atomic():
        User.objects.lock(owner)
        counted = _counted(owner.try_ons.all())
        counted |= {"photos": owner.photos.count(), "garments": owner.garments.count()}
        _delete_all(owner, now)
        for session in UserSession.objects.filter(user=owner):
            session.end()
        kind = ContentType.objects.get_for_model(User)
        LogEntry.objects.filter(content_type=kind, object_id=str(owner.pk)).delete()
        if owner.external_id:
            IdempotentRequest.objects.forget(owner.external_id)
            record_event(
                EventType.CUSTOMER_DELETED,
                subject=f"customer:{owner.external_id}",
                object_id=owner.external_id,
                now=now,
            )
        owner.delete()
        return _receipt(None, now, account=True, **counted)


def _delete_all(owner: User, now: datetime) -> None:
    _bury(TryOn.objects.filter(owner=owner, deleted_at=None), now, None)
    for export in Export.objects.filter(owner=owner):
        exports.drop(export)
    rows = [*owner.photos.all(), *owner.garments.all()]
    names = [name for row in rows for name in row.file_names]
    owner.photos.all().delete()
    owner.garments.all().delete()
    file_deletion.erase(names)


# --- what is due to go ------------------------------------------------------------


def delete_expired_guests(*, now: datetime) -> None:
    """After a day without an account."""
    guests = User.objects.expired_guests(now)
    chores.do_each("guests", guests, lambda row: delete_owner(owner=row, now=now), now)


def delete_tombstones(*, now: datetime) -> None:
    """Past the quota's window."""
    TryOn.objects.tombstones(now).delete()


def delete_expired(*, now: datetime) -> None:
    """Codes for phones, and zips."""
    Handoff.objects.filter(expires_at__lt=now).delete()
    exports.purge(now=now)


def delete_old_pictures(*, now: datetime) -> None:
    """Where the shop keeps pictures for so many days only."""
    if not settings.TRYON_RETENTION_DAYS:
        return
    before = now - timedelta(days=settings.TRYON_RETENTION_DAYS)
    chores.do_each(
        "old photos",
        Photo.objects.filter(created_at__lt=before),
        lambda row: delete_photo(photo=row, now=now, by=None),
        now,
    )
    chores.do_each(
        "old garments",
        Garment.objects.filter(owner__isnull=False, created_at__lt=before),
        lambda row: delete_garment(garment=row, now=now, by=None),
        now,
    )
    chores.do_each(
        "old pictures",
        TryOn.objects.existing().in_status(FINAL).filter(created_at__lt=before),
        lambda row: delete_try_on(try_on=row, now=now, by=None),
        now,
    )


def clear_api_records(*, now: datetime) -> None:
    """Answers kept for repeated requests, events told long ago, tokens and counts of
    the button on product pages."""
    IdempotentRequest.objects.filter(created_at__lte=now - KEPT).delete()
    EmbedToken.objects.filter(expires_at__lte=now - KEPT).delete()
    EmbedCount.objects.filter(day__lt=(now - COUNTS_KEPT).date()).delete()
    old = WebhookEvent.objects.filter(at__lt=now - EVENTS_KEPT).order_by("at")
    some = list(old.values_list("pk", flat=True)[:EVENTS_AT_ONCE])
    WebhookEvent.objects.filter(pk__in=some).delete()


def clear_sessions(*, now: datetime) -> None:
    """Those that ended, the places where one was signed in by them, old limits.

    Django's cache table clears itself when it is full.
    """
    Session.objects.filter(expire_date__lt=now).delete()
    signed_in = Session.objects.filter(session_key=OuterRef("session_key"))
    UserSession.objects.filter(~Exists(signed_in)).delete()
    TokenBucket.clear_full(now)
