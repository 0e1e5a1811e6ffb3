"""Pictures as one zip: asked for by a page, made by a task.

The maker's claim is renewed with each picture (`models.claims`); one whose maker was
killed is made anew, three times at most.
"""

import json
import logging
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import IO, TypedDict, cast

from django.core.files import File
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from ..models import ClaimLost, Export, PendingDeletion, TryOn, User, typed_text
from ..models.export import LIFETIME
from ..pictures import normalise, storage
from . import file_deletion, personal_data

logger = logging.getLogger(__name__)

MOST = 500  # pictures in one
FRESH = timedelta(minutes=1)  # in which a zip that is ready is what is asked for again
TELL_EVERY = 30  # seconds of an upload


def request_export(*, owner: User, try_ons: list[TryOn], now: datetime) -> Export:
    """An export of these completed pictures; the caller wakes the task."""
    ids = [str(try_on.pk) for try_on in try_ons][:MOST]
    with _one_at_a_time(owner):
        for export in _find_standing(owner, now).filter(
            everything=False, total=len(ids)
        ):
            if set(export.try_ons) == set(ids):
                return export
        return Export.objects.create(
            owner=owner, try_ons=ids, total=len(ids), created_at=now
        )


def request_everything(*, owner: User, now: datetime) -> Export:
    """All of the owner's data: photos, own clothes, pictures, and what is known."""
    mine = TryOn.objects.visible_to(owner)
    with _one_at_a_time(owner):
        total = owner.photos.count() + owner.garments.count() + mine.count()
        standing = (
            _find_standing(owner, now).filter(everything=True, total=total).first()
        )
        return standing or Export.objects.create(
            owner=owner, everything=True, total=total, created_at=now
        )


@contextmanager
def _one_at_a_time(owner: User) -> Iterator[None]:
    """Six presses on a button come one after the other, and find the first one's."""
    with transaction.atomic():
        User.objects.lock(owner)
        yield


def _find_standing(owner: User, now: datetime) -> QuerySet[Export]:
    """What is being made, or was made a moment ago."""
    fresh = Q(state=Export.State.READY, created_at__gt=now - FRESH)
    return owner.exports.filter(Q(state__in=Export.OPEN) | fresh).order_by("created_at")


def make(*, pk: str, now: datetime) -> None:
    """Build the zip, telling how far it is. Does nothing if somebody else does."""
    export = Export.take(pk, now, state=Export.State.MAKING, done=0)
    if export is None:
        return
    try:
        _make(export)
    except ClaimLost:
        logger.info("export %s: another makes it, or nobody wants it", pk)
    except storage.Away as away:
        logger.warning("export %s waits for storage: %s", pk, away)
        export.give_back(counts=False)
    finally:
        export.give_back()


def _make(export: Export) -> None:
    """Raises `ClaimLost`, `storage.Away`."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            build = personal_data.read_entries if export.everything else _read_entries
            for path, data in build(export):
                archive.writestr(path, data)
        size = file.tell()
        file.seek(0)
        name = Export.new_file_name()
        PendingDeletion.expect(name, timezone.now())
        try:
            watched = cast(IO[bytes], _Watched(file, export))
            storage.save(name, File(watched))
            with transaction.atomic():
                if not export.end(state=Export.State.READY, file_name=name, size=size):
                    raise ClaimLost(f"{export}")
                PendingDeletion.keep(name)
        except (ClaimLost, storage.Away):
            file_deletion.erase([name])
            raise


class _Watched:
    """A file that is progress while it is read: a large one is long on its way."""

    def __init__(self, file: IO[bytes], export: Export):
        self.file, self.export = file, export
        self.thread = threading.get_ident()
        self.told_at = time.monotonic()

    def read(self, size: int = -1) -> bytes:
        if time.monotonic() - self.told_at > TELL_EVERY:
            self.told_at = time.monotonic()
            self.export.renew(timezone.now())
            if threading.get_ident() != self.thread:
                connection.close()  # of a thread of the storage's, soon gone
        return self.file.read(size)

    def __getattr__(self, name: str) -> object:
        return getattr(self.file, name)


class Listed(TypedDict):
    """A line of pictures.json."""

    file: str
    made: str
    clothes: str


def _read_entries(export: Export) -> Iterator[tuple[str, bytes]]:
    """Paths in the zip and their bytes: the pictures, then a list of them."""
    listed: list[Listed] = []
    rows = TryOn.objects.visible_to(export.owner).with_pictures()
    for done, try_on in enumerate(rows.filter(pk__in=export.try_ons), start=1):
        result = try_on.visible_result
        if result is not None:
            path = picture_name(try_on, listed)
            try:
                data = storage.read(result.file_name)
            except FileNotFoundError:
                logger.warning("export %s: a picture was deleted meanwhile", export.pk)
                continue
            listed.append(
                {
                    "file": path,
                    "made": try_on.created_at.isoformat(),
                    "clothes": try_on.label,
                }
            )
            yield path, normalise.labelled(data)
        export.renew(timezone.now(), done=done)
    yield "pictures.json", json.dumps(listed, indent=2).encode()


def picture_name(try_on: TryOn, taken: list[Listed] | None = None) -> str:
    """What a picture is called on somebody's disk; unlike those already `taken`."""
    day = timezone.localdate(try_on.created_at)
    stem = f"fitting-room-{typed_text.make_file_stem(try_on.label) or 'picture'}-{day}"
    taken_names = {row["file"] for row in taken or ()}
    name, n = f"{stem}.jpg", 2
    while name in taken_names:
        name, n = f"{stem}-{n}.jpg", n + 1
    return name


def find_waiting(*, now: datetime) -> list[Export]:
    """Those that nobody has made yet, or whose maker was lost."""
    return list(Export.forgotten(now).order_by("created_at")[:20])


def purge(*, now: datetime) -> None:
    """After three days an export is made anew, or not needed."""
    for export in Export.objects.filter(created_at__lt=now - LIFETIME):
        drop(export)


def drop(export: Export) -> None:
    """With its file; also when a picture in it is deleted."""
    files = [export.file_name] if export.file_name else []
    with transaction.atomic():
        export.delete()
        file_deletion.erase(files)
