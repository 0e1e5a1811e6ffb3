"""Catalogue imports as rows: a task looks the zip through, later takes it in."""

import logging
import secrets
import zipfile
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from . import catalogue, erasing, media
from .models import CatalogueImport, DoomedFile, Garment, User
from .models.imports import CatalogueImport as Row

logger = logging.getLogger(__name__)
ABANDONED = timedelta(minutes=30)
WORK = (Row.State.CHECKING, Row.State.IMPORTING)


def ask(*, by: User, file: Any, now: datetime) -> CatalogueImport:
    """Keep the zip; the caller wakes the task that looks it through."""
    name = f"import-{secrets.token_urlsafe(16)}.zip"
    DoomedFile.expect(name, now)
    media.save(name, file)
    with transaction.atomic():
        DoomedFile.keep(name)
        return Row.objects.create(by=by, file_name=name, created_at=now)


def begin(*, row: CatalogueImport) -> bool:
    """Somebody has seen the problems and wants the rest. False if it had begun."""
    rows = Row.objects.filter(pk=row.pk, state=Row.State.CHECKED)
    return bool(rows.update(state=Row.State.IMPORTING, done=0, claimed_at=None))


def work(*, pk: str, now: datetime) -> list[Garment]:
    """Do what the row's state says; returns the new garments, for their renditions."""
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - ABANDONED)
    rows = Row.objects.filter(pk=pk)
    if not rows.filter(free, state__in=WORK).update(claimed_at=now):
        return []
    row = rows.get()
    dry = row.state == Row.State.CHECKING
    try:
        with media.open_file(row.file_name) as file, zipfile.ZipFile(file) as archive:
            text, source = catalogue.from_zip(archive)
            total = len(catalogue.rows_of(text))
            rows.update(total=total)
            outcome = catalogue.run(
                text=text,
                source=source,
                now=now,
                dry=dry,
                progress=lambda done: _tell(pk, done, total),
            )
    except (zipfile.BadZipFile, FileNotFoundError, RuntimeError, EOFError) as error:
        logger.info("import %s: %s", pk, error)
        rows.update(state=Row.State.UNREADABLE, problems=[[0, "zip"]])
        return []
    except catalogue.CatalogueError as error:
        rows.update(state=Row.State.UNREADABLE, problems=[[0, str(error)]])
        return []
    rows.update(
        state=Row.State.CHECKED if dry else Row.State.DONE,
        new=len(outcome.new),
        changed=outcome.changed,
        problems=outcome.problems,
        claimed_at=None,
    )
    if not dry:
        erasing.erase([row.file_name])
    return [] if dry else outcome.new


def _tell(pk: str, done: int, total: int) -> None:
    if done % 10 == 0 or done == total:
        Row.objects.filter(pk=pk).update(done=done)


def waiting(*, now: datetime) -> list[CatalogueImport]:
    """Those whose task was lost."""
    old = now - timedelta(minutes=1)
    lost = Q(claimed_at=None, created_at__lt=old) | Q(claimed_at__lt=now - ABANDONED)
    return list(Row.objects.filter(lost, state__in=WORK)[:5])
