"""Pictures as one zip: asked for by a page, made by a task.

Claimed by compare-and-set; one whose maker was killed is claimed anew after a while.
"""

import json
import logging
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.files import File
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify

from . import erasing, images, media, my_data
from .models import DoomedFile, Export, TryOn, User
from .models.export import LIFETIME

logger = logging.getLogger(__name__)

MOST = 500  # pictures in one
ABANDONED = timedelta(minutes=10)


def ask(*, owner: User, try_ons: list[TryOn], now: datetime) -> Export:
    """An export of these completed pictures; the caller wakes the task."""
    ids = [str(try_on.pk) for try_on in try_ons][:MOST]
    return Export.objects.create(
        owner=owner, try_ons=ids, total=len(ids), created_at=now
    )


def ask_everything(*, owner: User, now: datetime) -> Export:
    """All of the owner's data: photos, own clothes, pictures, and what is known."""
    mine = TryOn.objects.visible_to(owner)
    total = owner.photos.count() + owner.garments.count() + mine.count()
    return Export.objects.create(
        owner=owner, everything=True, total=total, created_at=now
    )


def make(*, pk: str, now: datetime) -> None:
    """Build the zip, telling how far it is. Does nothing if somebody else does."""
    open_ones = Q(state=Export.State.WAITING) | Q(
        state=Export.State.MAKING, claimed_at__lt=now - ABANDONED
    )
    rows = Export.objects.filter(pk=pk)
    if not rows.filter(open_ones).update(
        state=Export.State.MAKING, claimed_at=now, done=0
    ):
        return
    export = rows.get()
    name = Export.new_file_name()
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            build = my_data.entries if export.everything else _entries
            for path, data in build(export):
                archive.writestr(path, data)
        size = file.tell()
        file.seek(0)
        DoomedFile.expect(name, timezone.now())
        media.save(name, File(file))
    # Claimed by another meanwhile, or its pictures deleted: then this one is nobody's.
    mine = rows.filter(state=Export.State.MAKING, claimed_at=now)
    with transaction.atomic():
        if mine.update(state=Export.State.READY, file_name=name, size=size):
            DoomedFile.keep(name)
        else:
            erasing.erase([name])


def _entries(export: Export) -> Iterator[tuple[str, bytes]]:
    """Paths in the zip and their bytes: the pictures, then a list of them."""
    told: list[dict[str, Any]] = []
    rows = TryOn.objects.visible_to(export.owner).with_pictures()
    for done, try_on in enumerate(rows.filter(pk__in=export.try_ons), start=1):
        result = try_on.visible_result
        if result is not None:
            path = picture_name(try_on, told)
            try:
                data = media.read(result.file_name)
            except FileNotFoundError:
                logger.warning("export %s: a picture was deleted meanwhile", export.pk)
                continue
            told.append(
                {
                    "file": path,
                    "made": try_on.created_at.isoformat(),
                    "clothes": try_on.label,
                }
            )
            yield path, images.labelled(data)
        Export.objects.filter(pk=export.pk).update(done=done)
    yield "pictures.json", json.dumps(told, indent=2).encode()


def picture_name(try_on: TryOn, taken: list[dict[str, Any]] | None = None) -> str:
    """What a picture is called on somebody's disk; unlike those already `taken`."""
    day = timezone.localdate(try_on.created_at)
    stem = f"fitting-room-{slugify(try_on.label) or 'picture'}-{day}"
    names = {row["file"] for row in taken or ()}
    name, n = f"{stem}.jpg", 2
    while name in names:
        name, n = f"{stem}-{n}.jpg", n + 1
    return name


def waiting(*, now: datetime) -> list[Export]:
    """Those that nobody has made yet, or whose maker was lost."""
    old = now - timedelta(minutes=1)
    lost = Q(state=Export.State.MAKING, claimed_at__lt=now - ABANDONED)
    return list(
        Export.objects.filter(Q(state=Export.State.WAITING, created_at__lt=old) | lost)[
            :20
        ]
    )


def purge(*, now: datetime) -> None:
    """After three days an export is made anew, or not needed."""
    for export in Export.objects.filter(created_at__lt=now - LIFETIME):
        drop(export)


def drop(export: Export) -> None:
    """With its file; also when a picture in it is deleted."""
    names = [export.file_name] if export.file_name else []
    with transaction.atomic():
        export.delete()
        erasing.erase(names)
