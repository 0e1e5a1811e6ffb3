"""The verbs of the fitting room: keyword-only, one transaction each.

Views, tasks, commands and the admin call these and nothing below them. `services`
never wakes the dispatcher: a queued row is the order, and the caller adds the
courtesy of `tasks.wake_up` on commit.
"""

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from . import images, media, quotas
from .models import (
    Garment,
    GarmentKind,
    InvalidMove,
    Photo,
    Result,
    StaleMove,
    Status,
    TryOn,
    TryOnEvent,
    User,
)
from .models.try_on import FINAL

logger = logging.getLogger(__name__)


class OutfitError(Exception):
    """These pieces cannot be tried on so; the message is a sentence."""

    def __init__(self, sentence: str, field: str):
        super().__init__(sentence)
        self.field = field


# --- pictures -------------------------------------------------------------------


def add_photo(*, owner: User, picture: images.Picture, now: datetime) -> Photo:
    """The stored photo; the same bytes again give the one that is there."""
    same = Photo.objects.filter(owner=owner, source_sha256=picture.source_sha256)
    return _add(Photo(owner=owner), picture, same, now)


def add_garment(
    *,
    owner: User | None,
    picture: images.Picture,
    kind: str,
    now: datetime,
    name: str = "",
    **fields: Any,
) -> Garment:
    """A customer's own piece, or with `owner` None one of the catalogue."""
    same: Any = Garment.objects.filter(
        owner=owner, kind=kind, source_sha256=picture.source_sha256
    )
    if owner is None:
        same = same.filter(sku=fields.get("sku", ""), retired_at=None)
    garment = Garment(owner=owner, kind=kind, name=name, **fields)
    return _add(garment, picture, same, now)


def _add(row: Any, picture: images.Picture, same: Any, now: datetime) -> Any:
    found = same.first()
    if found is not None:
        return found
    row.source_sha256 = picture.source_sha256
    row.created_at = now
    row.store(picture)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        media.delete(row.file_names)
        found = same.first()  # the same upload, a moment earlier
        if found is None:
            raise
        return found
    return row


def make_renditions(*, row: Photo | Garment | Any, now: datetime) -> None:
    """The WebP files beside a stored picture. Raises `images.Busy`."""
    data = media.read(row.file_name)
    for width in images.RENDITION_WIDTHS:
        made = ContentFile(images.rendition(data, width))
        media.save(row.rendition_name(width), made)
    rows: Any = type(row).objects
    if not rows.filter(pk=row.pk).update(renditions_at=now):
        media.delete(row.file_names)  # it was deleted meanwhile


def without_renditions(*, model: Any, now: datetime) -> Any:
    """Pictures whose renditions nobody has made a minute after their coming."""
    old = now - timedelta(minutes=1)
    return model.objects.filter(renditions_at=None, created_at__lt=old)[:100]


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


# --- try-ons ----------------------------------------------------------------------


@dataclass(frozen=True)
class Outfit:
    """What is to be tried on; raises `OutfitError` if it cannot be worn so."""

    garment: Garment
    bottom: Garment | None = None

    def __post_init__(self) -> None:
        if self.bottom is None:
            return
        if self.garment.kind != GarmentKind.UPPER:
            raise OutfitError(
                _("Those two cannot be worn together. Choose a top and a bottom."),
                "top",
            )
        if self.bottom.kind != GarmentKind.LOWER:
            raise OutfitError(
                _("%(name)s is not a bottom. Choose trousers, a skirt or shorts.")
                % {"name": self.bottom.label},
                "bottom",
            )


def create_try_on(
    *,
    owner: User,
    photo: Photo,
    outfit: Outfit,
    now: datetime,
    token: uuid.UUID | None = None,
    again: bool = False,
    retry_of: TryOn | None = None,
    counts: bool = True,
) -> tuple[TryOn, bool]:
    """Queue a job, or find the one that this form or this outfit already has.

    `token` makes a form good for one job; unless `again`, a picture that is there
    or on its way is not paid for twice (design 3.5). Returns the try-on and whether
    it is new. Raises `quotas.LimitReached`.
    """
    token = token or uuid.uuid4()
    garment, bottom = outfit.garment, outfit.bottom
    with transaction.atomic():
        if counts:
            # Locks the owner, so that two clicks at once come one after the other.
            User.objects.select_for_update().get(pk=owner.pk)
        replayed = TryOn.objects.filter(owner=owner, token=token).first()
        if replayed is not None and replayed.deleted_at is None:
            return replayed, False
        if replayed is not None:
            token = uuid.uuid4()  # what that form made was deleted: a new wish
        if not again:
            same = TryOn.objects.filter(owner=owner).same_as(photo, garment, bottom)
            found = same.recent().first()
            if found is not None:
                return found, False
        if counts:
            quotas.spend(owner, 1, now)
        try_on = TryOn.objects.create(
            owner=owner,
            photo=photo,
            garment=garment,
            bottom_garment=bottom,
            mode=TryOn.Mode.COMBO if bottom else TryOn.Mode.SINGLE,
            garment_kind="" if bottom else garment.kind,
            token=token,
            retry_of=retry_of,
            counts_against_limit=counts,
            created_at=now,
        )
        TryOnEvent.objects.create(
            try_on=try_on, to_status=Status.QUEUED, by=owner, at=now
        )
    return try_on, True


def retry(*, try_on: TryOn, now: datetime) -> tuple[TryOn, bool]:
    """A new try-on for one that failed or was cancelled. Raises `LimitReached`.

    Raises `OutfitError` if its photo or clothes were deleted meanwhile.
    """
    if try_on.photo is None or try_on.garment is None or try_on.owner is None:
        raise OutfitError(
            _("Its photo or clothes were deleted. Choose them again."), "photo"
        )
    return create_try_on(
        owner=try_on.owner,
        photo=try_on.photo,
        outfit=Outfit(try_on.garment, try_on.bottom_garment),
        now=now,
        token=uuid.uuid5(try_on.pk, "retry"),  # a double click makes one
        retry_of=try_on,
    )


def seen(*, try_on: TryOn, now: datetime) -> None:
    """Its owner has opened the picture: it is no longer new."""
    result = try_on.visible_result
    if result is not None and result.seen_at is None:
        Result.objects.filter(pk=result.pk, seen_at=None).update(seen_at=now)


def send_again(*, try_on: TryOn, now: datetime, by: User | None) -> bool:
    """A person's decision to submit an unconfirmed one once more."""
    return _moved(try_on, Status.QUEUED, now=now, by=by, note="send again")


def cancel(*, try_on: TryOn, now: datetime, by: User | None) -> bool:
    """While nothing was sent, or an unconfirmed one is given up. The try comes back.

    False if it was too late.
    """
    return _moved(try_on, Status.CANCELED, now=now, by=by)


def _moved(try_on: TryOn, to: str, **kwargs: Any) -> bool:
    try:
        try_on.move(to, **kwargs)
    except (InvalidMove, StaleMove):
        return False
    return True


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
        for result in Result.objects.filter(try_on=try_on.pk):
            names = result.file_names
            result.delete()
            transaction.on_commit(partial(media.delete, names))


# --- people -------------------------------------------------------------------------


def claim_guest(*, guest: User, owner: User) -> None:
    """Signing in moves what the guest of this browser has made to the account."""
    with transaction.atomic():
        for photo in guest.photos.all():
            _hand_over(photo, owner, "photo", owner.photos)
        for garment in guest.garments.all():
            mine = owner.garments.filter(kind=garment.kind)
            _hand_over(garment, owner, "garment", mine)
        TryOn.objects.filter(owner=guest).update(owner=owner)
        guest.delete()


def _hand_over(row: Any, owner: User, noun: str, mine: Any) -> None:
    twin = mine.filter(source_sha256=row.source_sha256).first()
    if twin is None:
        row.owner = owner
        row.save(update_fields=["owner"])
        return
    for field in ("photo",) if noun == "photo" else ("garment", "bottom_garment"):
        TryOn.objects.filter(**{field: row}).update(**{field: twin})
    names = row.file_names
    transaction.on_commit(lambda: media.delete(names))


def delete_owner(*, owner: User, now: datetime) -> None:
    """Everything of a person: pictures, results, account. Tombstones keep no name."""
    with transaction.atomic():
        for try_on in TryOn.objects.filter(owner=owner, deleted_at=None):
            delete_try_on(try_on=try_on, now=now, by=None)
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
