"""Which customers' pictures staff viewed is recorded."""

from datetime import datetime

from ..models import PictureAccess, User


def record_view(*, by: User, stem: str, now: datetime) -> None:
    """One line a picture, a person and an hour."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    PictureAccess.objects.get_or_create(by=by, stem=stem, hour=hour)
