"""The shop's programs are told when a customer may see a result, or no more."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from ..models import EventType, Result, Status
from ..models.webhooks import record_try_on_event


@contextmanager
def tell_of_release(result: Result, now: datetime) -> Iterator[None]:
    """Around whatever may change it, in one transaction."""
    with transaction.atomic():
        was_released = _is_released(result)
        yield
        is_released = _is_released(result)
        if is_released != was_released:
            released, hidden = EventType.RESULT_RELEASED, EventType.RESULT_HIDDEN
            type = released if is_released else hidden
            record_try_on_event(type, result.try_on, Status.COMPLETED, now)


def _is_released(result: Result) -> bool:
    return Result.objects.released().filter(pk=result.pk).exists()
