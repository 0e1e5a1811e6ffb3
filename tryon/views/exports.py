"""A zip of one's pictures: how far it is, and the file."""

import uuid

from django.http import Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ..models import Export
from . import serving
from .getters import OwnedRequest, owner_required


@require_safe
@never_cache
@owner_required
def export(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    """How far the zip is; with `Accept: application/json` in figures."""
    row = _export(request, pk)
    payload: dict[str, object] = {
        "state": row.state,
        "percent": row.percent,
        "done": row.done,
        "total": row.total,
    }
    if request.headers.get("Accept") == "application/json":
        return JsonResponse(payload)
    return render(request, "gallery/export.html", {"export": row})


@require_safe
@owner_required
def download_export(request: OwnedRequest, pk: uuid.UUID) -> HttpResponseBase:
    row = _export(request, pk)
    if row.state != Export.State.READY:
        raise Http404
    name = f"fitting-room-{timezone.localdate(row.created_at)}.zip"
    return serving.serve_download(
        request, row.file_name, called=name, content_type="application/zip"
    )


def _export(request: OwnedRequest, pk: uuid.UUID) -> Export:
    return get_object_or_404(Export.objects.visible_to(request.owner), pk=pk)
