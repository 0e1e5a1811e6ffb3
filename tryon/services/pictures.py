"""Photos and garments come in; their renditions are made."""

from contextlib import nullcontext
from datetime import datetime
from typing import TypeVar

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from ..models import (
    Garment,
    OwnerGone,
    Photo,
    Result,
    TokenBucket,
    TryOn,
    Unfinished,
    User,
)
from ..models.result import Priority
from ..pictures import comparison, executor, normalise, storage
from . import chores, file_deletion
from .deletion import delete_photo
from .release import tell_of_release

P = TypeVar("P", Photo, Garment)
RENDITIONS = "renditions"
DAY = 24 * 3600  # seconds
SEARCHABLE_AT_ONCE = 500
UPLOADS_A_DAY, UPLOADS_A_TRY = 1000, 10


class TooManyUploads(Exception):
    """So many new pictures came from one person today that the next has to wait."""


def add_photo(*, owner: User, picture: normalise.Picture, now: datetime) -> Photo:
    """The stored photo; the same bytes again give the one that is there.

    Raises `storage.Away`, `OwnerGone`, `TooManyUploads`.
    """
    copies = Photo.objects.filter(owner=owner, source_sha256=picture.source_sha256)
    return _add(Photo(owner=owner), picture, copies, now)


def add_garment(
    *,
    owner: User | None,
    picture: normalise.Picture,
    kind: str,
    now: datetime,
    name: str = "",
    **fields: str,
) -> Garment:
    """A customer's own piece, or with `owner` None one of the catalogue."""
    copies = Garment.objects.filter(
        owner=owner, kind=kind, source_sha256=picture.source_sha256
    )
    if owner is None:
        copies = copies.filter(sku=fields.get("sku", ""), retired_at=None)
    garment = Garment(owner=owner, kind=kind, name=name, **fields)
    return _add(garment, picture, copies, now)


def _add(row: P, picture: normalise.Picture, copies: QuerySet[P], now: datetime) -> P:
    existing = copies.first()
    if existing is not None:
        return existing
    if row.owner is not None:
        _count_upload(row.owner, now)
    row.source_sha256 = picture.source_sha256
    row.created_at = now
    row.store(picture, now)
    try:
        with transaction.atomic():
            if row.owner is not None:
                User.objects.lock(row.owner)
            row.save(force_insert=True)
    except OwnerGone:
        file_deletion.erase(row.file_names)
        raise
    except IntegrityError:
        file_deletion.erase(row.file_names)
        existing = copies.first()  # the same upload, a moment earlier
        if existing is None:
            raise
        return existing
    return row


def _count_upload(owner: User, now: datetime) -> None:
    """Far more pictures than tries are not for trying on, and fill the storage."""
    most = max(UPLOADS_A_DAY, UPLOADS_A_TRY * owner.limit)
    if not TokenBucket.take(f"uploads:{owner.pk}", most=most, seconds=DAY, now=now):
        raise TooManyUploads


def replace_garment_picture(
    *, garment: Garment, picture: normalise.Picture, now: datetime
) -> None:
    """Another picture of the same piece, or a new piece's first; writes the whole row.

    Better not within a transaction: the new file is on the list of those to be deleted
    before it is written, the old ones once the row has let go of them.
    """
    garment.source_sha256 = picture.source_sha256
    garment.created_at = garment.created_at or now
    garment.renditions_at = None
    garment.store(picture, now)
    with transaction.atomic():
        # As the row has it by now: another may just have replaced it too.
        old = Garment.objects.select_for_update().filter(pk=garment.pk).first()
        if old is not None:
            garment.picture_changed_at = now
            file_deletion.erase(old.file_names)
        garment.save()


def retire_garment(*, garment: Garment, now: datetime) -> None:
    """Histories stay; nobody can choose it."""
    if garment.retired_at is None:
        garment.retired_at = now
        garment.save(update_fields=["retired_at"])


def bring_garment_back(*, garment: Garment) -> None:
    """Into the catalogue."""
    if garment.retired_at is not None:
        garment.retired_at = None
        garment.save(update_fields=["retired_at"])


def make_searchable() -> None:
    """Garments that a process of an earlier release wrote while this one started."""
    with transaction.atomic():
        rows = Garment.objects.select_for_update().filter(search_text="")
        for garment in rows[:SEARCHABLE_AT_ONCE]:
            garment.save(update_fields=["search_text"])


def set_favourite_garment(*, owner: User, garment: Garment, on: bool) -> None:
    if on:
        owner.favourite_garments.add(garment)
    else:
        owner.favourite_garments.remove(garment)


def try_renditions(*, row: Photo | Garment | Result, now: datetime) -> bool:
    """False where storage or decoders are away, for the others too.

    One that cannot be rendered is put off and shown to staff.
    """
    with chores.begin(RENDITIONS, row.stem, now) as work:
        if work is None:
            return True
        try:
            make_renditions(row=row, now=now)
        except (normalise.Busy, storage.Away):
            return False
        except normalise.UNREADABLE as error:
            rows = type(row)._default_manager
            if rows.filter(pk=row.pk).exists():  # else it was deleted meanwhile
                work.note_error(error)
    return True


def make_renditions(*, row: Photo | Garment | Result, now: datetime) -> None:
    """The WebP files beside a stored picture. Raises `normalise.Busy`."""
    data = storage.read(row.file_name)
    if isinstance(row, Result) and row.changed_outside is None:
        compare_result(result=row, data=data, now=now)
    for width in normalise.RENDITION_WIDTHS:
        encoded = executor.run(normalise.make_rendition, data, width)
        storage.save(row.rendition_name(width), ContentFile(encoded))
    # What cannot be compared any more is released by them.
    told = tell_of_release(row, now) if isinstance(row, Result) else nullcontext()
    with told:
        rows = type(row)._default_manager.filter(pk=row.pk, stem=row.stem)
        kept = rows.update(renditions_at=now)
    if not kept:
        file_deletion.erase(row.file_names)  # it was deleted meanwhile, or replaced


def compare_result(*, result: Result, data: bytes, now: datetime) -> None:
    """What the result changed, and whether a person should look. Raises `Busy`."""
    changes = find_changes(try_on=result.try_on, data=data, wait=0.01)
    if changes is None:
        return
    storage.save(result.changes_name, ContentFile(changes.layer))
    with tell_of_release(result, now):
        # Together: compared, and not yet said to be wrong, it would be released.
        rows = Result.objects.filter(pk=result.pk)
        kept = rows.update(changed_outside=changes.outside)
        wrong = changes.suspicions()
        if wrong:
            rows.update(checks=wrong, flagged_at=now)
            rows.filter(priority=Priority.NONE).update(priority=Priority.CHECK)
    if not kept:
        file_deletion.erase(result.file_names)  # it was deleted meanwhile


def find_changes(
    *, try_on: TryOn, data: bytes, wait: float | None = None
) -> comparison.Changes | None:
    """The result's picture beside the photo; None if that is gone.

    Raises `normalise.Busy`.
    """
    if try_on.photo is None:
        return None
    photo = storage.read(try_on.photo.file_name)
    with normalise.decoder(wait):
        face = try_on.photo.measured.get("face")
        return executor.run(comparison.compare, photo, data, try_on.garment_kind, face)


def next_without_renditions(now: datetime) -> Photo | Garment | Result | None:
    """The oldest picture that waits for its renditions, but for those put off.

    Results first: they are compared on the way, and somebody waits to look at them.
    """
    later = Unfinished.objects.put_off(RENDITIONS, now).values_list("row", flat=True)
    stems = list(later)
    for model in (Result, Photo, Garment):
        rows = model._default_manager.filter(renditions_at=None)
        rows = rows.exclude(stem__in=stems)
        row: Photo | Garment | Result | None = rows.order_by("created_at").first()
        if row is not None:
            return row
    return None


def repair_photo(*, photo: Photo, repair: normalise.Repair, now: datetime) -> Photo:
    """A mended copy, which takes the place of an earlier one that nobody used.

    The photo as it came stays. Raises `normalise.PictureError` if too little is left of
    it, `normalise.Busy`.
    """
    original = photo.derived_from or photo
    picture = normalise.repair(storage.read(photo.file_name), repair)
    repaired = add_photo(owner=photo.owner, picture=picture, now=now)
    if repaired not in (photo, original):
        rows = Photo.objects.filter(pk=repaired.pk)
        rows.update(derived_from=original, created_at=now)
        if photo != original and not photo.try_ons.exists():
            delete_photo(photo=photo, now=now, by=photo.owner)
    return repaired
