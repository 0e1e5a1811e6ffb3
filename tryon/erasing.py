"""Files go with their rows: at once, or as soon as storage is there again.

The names are kept in the database until then, so that a process killed between the two,
or a bucket that is away, leaves no picture behind.
"""

import logging
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from . import media
from .models import DoomedFile

logger = logging.getLogger(__name__)
AT_ONCE = 500


def erase(names: Iterable[str]) -> None:
    """Within the transaction that deletes their rows."""
    now = timezone.now()
    DoomedFile.objects.bulk_create(
        [DoomedFile(name=name, at=now) for name in set(names)],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )
    transaction.on_commit(finish)


def finish() -> None:
    """Delete what is to be deleted; what storage does not take stays on the list."""
    due = DoomedFile.objects.filter(at__lte=timezone.now())
    for row in due.order_by("at")[:AT_ONCE]:
        try:
            media.delete([row.name])
        except media.Away as away:
            logger.warning("files wait to be deleted: %s", away)
            return
        row.delete()
