"""Files go with their rows: at once, or as soon as storage is there again.

The names are kept in the database until then, so that a process killed between the two,
or a bucket that is away, leaves no picture behind.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from ..models import PendingDeletion
from ..pictures import storage

logger = logging.getLogger(__name__)
AT_ONCE = 500
AGAIN = timedelta(minutes=5)
ENOUGH = 2  # that storage does not take, one after the other: it is away


def erase(names: Iterable[str]) -> None:
    """Within the transaction that deletes their rows."""
    now = timezone.now()
    PendingDeletion.objects.bulk_create(
        [PendingDeletion(name=name, at=now) for name in set(names)],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )
    transaction.on_commit(finish)


def finish() -> None:
    """Delete what is to be deleted; what storage does not take waits for its turn."""
    now = timezone.now()
    refused = 0
    for row in PendingDeletion.objects.filter(at__lte=now).order_by("at")[:AT_ONCE]:
        try:
            storage.delete([row.name])
        except storage.Away as away:
            logger.warning("a file waits to be deleted: %s", away)
            PendingDeletion.objects.filter(pk=row.pk).update(at=now + AGAIN)
            refused += 1
            if refused == ENOUGH:
                return
            continue
        refused = 0
        row.delete()
