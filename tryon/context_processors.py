"""What every page needs."""

import uuid

from django.conf import settings
from django.http import HttpRequest

from .models import TryOn, User
from .web import framing


def site(request: HttpRequest) -> dict[str, object]:
    """The shop's name, who is asking, and how many pictures are being made."""
    owner = getattr(request, "owner", None)
    return {
        "SITE_NAME": settings.SITE_NAME,
        "owner": owner or None,
        "running": LazyCount(owner),
        "guests_welcome": settings.TRYON_GUESTS,
        "theme": settings.TRYON_THEME,
        "framed": framing.is_framed(request),
        "frame": framing.find_frame(request),
        "pages_around": " ".join(settings.TRYON_EMBED_ORIGINS),
    }


class LazyCount:
    """One query, only on pages that show the count, and only once."""

    def __init__(self, owner: User | None):
        self.owner = owner
        self._ids: list[uuid.UUID] | None = None

    @property
    def ids(self) -> list[uuid.UUID]:
        if self._ids is None:
            rows = TryOn.objects.visible_to(self.owner or None).under_way()
            # Sorted here: in the database that would walk the owner's whole history.
            dated_ids = rows.order_by().values_list("created_at", "pk")
            self._ids = [pk for _at, pk in sorted(dated_ids, reverse=True)]
        return self._ids

    @property
    def count(self) -> int:
        return len(self.ids)

    @property
    def nearest(self) -> uuid.UUID:
        return self.ids[-1]
