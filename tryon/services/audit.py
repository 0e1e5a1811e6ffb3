"""Which customers' pictures staff viewed is recorded."""

from datetime import datetime
from typing import Any

from ..models import PictureAccess


def record_view(*, by: Any, stem: str, now: datetime) -> None:
    """One line a picture, a person and an hour."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    PictureAccess.objects.get_or_create(by=by, stem=stem, hour=hour)
