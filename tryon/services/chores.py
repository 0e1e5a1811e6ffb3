"""Row by row: what raises is kept for staff and passed over by the next run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from django.db.models import Model, QuerySet

from ..models import Unfinished

M = TypeVar("M", bound=Model)


@contextmanager
def begin(job: str, row: str, now: datetime) -> Iterator[Unfinished | None]:
    """None where the work is put off; else it is done once the block is left.

    Not if the block has noted an error, or raises one, which goes on to the caller.
    """
    work = Unfinished.begin(job, row, now)
    if work is None:
        yield None
        return
    try:
        yield work
    except Exception as error:
        work.note_error(error)
        raise
    if not work.noted:
        work.delete()


def do_each(
    job: str, rows: QuerySet[M], work: Callable[[M], object], now: datetime
) -> None:
    """`work` on each row that is not put off.

    What it raises ends this run; the next one, a minute later, passes that row over.
    """
    later = Unfinished.objects.put_off(job, now).values_list("row", flat=True)
    for row in rows.exclude(pk__in=list(later)):
        with begin(job, str(row.pk), now) as unfinished:
            if unfinished is not None:
                work(row)
