"""Pictures, each looked up for who asks."""

from typing import cast

from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from ..models import Garment, Photo, Result, User
from ..models.result import ResultQuerySet
from ..models.uploads import GarmentQuerySet, PhotoQuerySet
from ..pictures import storage
from ..services import audit
from . import serving
from .getters import OwnedRequest

ROWS: dict[str, PhotoQuerySet | GarmentQuerySet | ResultQuerySet] = {
    "photo": Photo.objects.all(),
    "garment": Garment.objects.all(),
    "result": Result.objects.all(),
}


@require_safe
def media(request: OwnedRequest, name: str) -> HttpResponseBase:
    """The file if its row is visible to this visitor; one joined query."""
    parts = storage.NAME.fullmatch(name)
    if parts is None:
        raise Http404
    rows = ROWS[parts["kind"]].filter(stem=parts["stem"])
    now = timezone.now()
    if not rows.visible_to(request.owner or None).exists():
        if not may_see_all(request) or not rows.exists():
            raise Http404
        audit.record_view(by=cast(User, request.user), stem=parts["stem"], now=now)
    return serving.serve_private(request, name, now)


def may_see_all(request: OwnedRequest) -> bool:
    user = request.user
    return user.is_staff and user.has_perm("tryon.view_private_media")
