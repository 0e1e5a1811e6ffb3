"""Catalogue imports as rows: a task looks the zip through, later takes it in.

The claim is renewed with the lines that are done (`models.claims`), and whoever takes
the row over goes on behind them.
"""

import logging
import secrets
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from ..models import CatalogueImport, ClaimLost, Garment, PendingDeletion, User
from ..models.catalogue_import import CatalogueImport as Row
from ..pictures import normalise, storage
from . import catalogue, file_deletion
from .catalogue import Outcome, Problem

logger = logging.getLogger(__name__)
WORK = Row.OPEN
TELL_EVERY = 1  # seconds; what is taken in is told at once
LIFETIME = timedelta(days=30)  # of a zip that nobody takes in
COUNTS = ("done", "new", "changed", "pictures_replaced", "unchanged")
FRESH: dict[str, object] = {
    **dict.fromkeys(COUNTS, 0),
    "problems": [],
    "pictures": [],
    "back": [],
    "notes": [],
    "claim": None,
    "claimed_at": None,
    "attempts": 0,
}


def request_import(*, by: User, file: "File[bytes]", now: datetime) -> CatalogueImport:
    """Keep the zip; the caller wakes the task that looks it through."""
    name = f"import-{secrets.token_urlsafe(16)}.zip"
    PendingDeletion.expect(name, now)
    storage.save(name, file)
    with transaction.atomic():
        PendingDeletion.keep(name)
        return Row.objects.create(
            by=by,
            file_name=name,
            created_at=now,
            language=translation.get_language() or "",
        )


def begin_import(*, row: CatalogueImport, replace: bool = False) -> bool:
    """Somebody has seen the problems and wants the rest. False if it had begun.

    `replace`: the pictures that are others too.
    """
    rows = Row.objects.filter(pk=row.pk, state=Row.State.CHECKED)
    fields = {**FRESH, "replace_pictures": replace}
    return bool(rows.update(state=Row.State.IMPORTING, **fields))


def restart(*, row: CatalogueImport) -> bool:
    """One that failed is looked through anew; what it took in is there already."""
    rows = Row.objects.filter(pk=row.pk, state=Row.State.FAILED)
    return bool(rows.update(state=Row.State.CHECKING, **FRESH))


def continue_import(*, pk: str, now: datetime) -> list[Garment]:
    """Do what the row's state says; returns what needs renditions."""
    row = Row.take(pk, now)
    if row is None:
        return []
    try:
        with translation.override(row.language or settings.LANGUAGE_CODE):
            return _continue(row, now)
    except ClaimLost:
        logger.info("import %s: another does it", pk)
    except (normalise.Busy, storage.Away) as wait:
        logger.info("import %s goes on in a minute: %s", pk, wait)
        row.give_back(counts=False)
    finally:
        row.give_back()
    return []


def _continue(row: CatalogueImport, now: datetime) -> list[Garment]:
    """Raises `ClaimLost`, `normalise.Busy`, `storage.Away`."""
    dry = row.state == Row.State.CHECKING
    outcome = _read_outcome(row)
    try:
        with tempfile.TemporaryFile() as copy:
            storage.copy(row.file_name, copy)
            with catalogue.open_shop(copy) as shop:
                row.renew(timezone.now(), total=len(shop.table.rows))
                catalogue.import_shop(
                    shop,
                    now=now,
                    dry=dry,
                    replace=row.replace_pictures,
                    outcome=outcome,
                    progress=_progress_writer(row),
                )
                notes = outcome.notes(shop)
    except FileNotFoundError:
        _end_unread(row, _("The zip is no longer there."))
        return []
    except catalogue.CatalogueError as error:
        _end_unread(row, str(error))
        return []
    state = Row.State.CHECKED if dry else Row.State.DONE
    with transaction.atomic():
        if not row.end(state=state, notes=notes, **_to_fields(outcome)):
            raise ClaimLost(f"{row}")
        if not dry:
            file_deletion.erase([row.file_name])
    return outcome.to_render


def _end_unread(row: CatalogueImport, sentence: str) -> None:
    with transaction.atomic():
        problems = [[0, "", sentence]]
        if row.end(state=Row.State.UNREADABLE, problems=problems):
            file_deletion.erase([row.file_name])


def _progress_writer(row: CatalogueImport) -> Callable[[Outcome], None]:
    """Tells the row how far it is, and finds out whether it is still ours."""
    last = time.monotonic()
    taken = _read_outcome(row).taken
    importing = row.state == Row.State.IMPORTING

    def tell(outcome: Outcome) -> None:
        nonlocal last, taken
        nothing_new = not importing or outcome.taken == taken
        if nothing_new and time.monotonic() - last < TELL_EVERY:
            return
        row.renew(timezone.now(), **_to_fields(outcome))
        last, taken = time.monotonic(), outcome.taken

    return tell


def _to_fields(outcome: Outcome) -> dict[str, object]:
    problems = [[p.line, p.sku, p.sentence] for p in outcome.problems]
    counts = {name: getattr(outcome, name) for name in COUNTS}
    return {
        **counts,
        "problems": problems,
        "pictures": outcome.pictures,
        "back": outcome.back,
    }


def _read_outcome(row: CatalogueImport) -> Outcome:
    return Outcome(
        **{name: getattr(row, name) for name in COUNTS},
        problems=[Problem(*fields) for fields in row.told_problems],
        pictures=[(line, sku) for line, sku in row.pictures or ()],
        back=list(row.back or ()),
    )


def find_waiting(*, now: datetime) -> list[CatalogueImport]:
    """Those whose task was lost."""
    return list(Row.forgotten(now).order_by("created_at")[:5])


def purge(*, now: datetime) -> None:
    """Zips that were looked through and never taken in."""
    over = Row.objects.filter(
        state__in=(Row.State.CHECKED, Row.State.FAILED), created_at__lt=now - LIFETIME
    )
    for row in over:
        with transaction.atomic():
            row.delete()
            file_deletion.erase([row.file_name])
