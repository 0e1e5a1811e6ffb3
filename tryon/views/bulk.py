"""What can be done with several pictures at once: compare, delete, download."""

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from .. import services, tasks
from ..models import TryOn
from ..services import exports
from .deleted import deleted
from .getters import OwnedRequest, owner_required

MOST = 200
COMPARED = (2, 4)  # at least, at most


@require_POST
@owner_required
def selected(request: OwnedRequest) -> HttpResponse:
    """`action`: compare, delete (asks first), download; `id`: as often as chosen."""
    try_ons = _chosen(request)
    action = request.POST.get("action")
    if not try_ons:
        messages.warning(request, _("Choose some pictures first."))
        return redirect(f"{reverse('gallery')}?select=1")
    if action == "compare":
        query = urlencode([("id", row.pk) for row in try_ons])
        return redirect(f"{reverse('compare')}?{query}")
    if action == "download":
        return _download(request, try_ons)
    if action == "delete":
        return _delete(request, try_ons)
    raise Http404


def _chosen(request: OwnedRequest) -> list[TryOn]:
    source = request.POST if request.method == "POST" else request.GET
    ids = set()
    for text in source.getlist("id")[:MOST]:
        try:
            ids.add(uuid.UUID(text))
        except ValueError:
            continue
    rows = TryOn.objects.visible_to(request.owner).with_pictures()
    return list(rows.filter(pk__in=ids).recent())


def _download(request: OwnedRequest, try_ons: list[TryOn]) -> HttpResponse:
    ready = [row for row in try_ons if row.visible_result is not None]
    if not ready:
        messages.warning(request, _("None of these pictures is ready yet."))
        return redirect("gallery")
    export = exports.request_export(
        owner=request.owner, try_ons=ready, now=timezone.now()
    )
    tasks.ask_for_export(export)
    return redirect("export", export.pk)


def _delete(request: OwnedRequest, try_ons: list[TryOn]) -> HttpResponse:
    n = len(try_ons)
    if "confirmed" in request.POST:
        receipt = services.delete_try_ons(
            owner=request.owner, try_ons=try_ons, now=timezone.now()
        )
        message = ngettext("Deleted %(n)d picture.", "Deleted %(n)d pictures.", n)
        deleted(request, message % {"n": n}, receipt)
        return redirect("gallery")
    context = {
        "question": ngettext("Delete %(n)d picture?", "Delete %(n)d pictures?", n)
        % {"n": n},
        "consequence": _("This cannot be undone. The tries stay spent."),
        "button": ngettext("Delete %(n)d picture", "Delete %(n)d pictures", n)
        % {"n": n},
        "keep_url": "gallery",
        "action": reverse("selected"),
        "fields": [
            ("action", "delete"),
            ("confirmed", "1"),
            *(("id", row.pk) for row in try_ons),
        ],
    }
    return render(request, "confirm_delete.html", context)


@require_safe
@never_cache
@owner_required
def compare(request: OwnedRequest) -> HttpResponse:
    """Two to four pictures side by side."""
    ready = [row for row in _chosen(request) if row.visible_result is not None]
    least, most = COMPARED
    if not least <= len(ready) <= most:
        messages.warning(request, _("Compare takes two to four pictures."))
        return redirect(f"{reverse('gallery')}?select=1")
    return render(request, "gallery/compare.html", {"try_ons": ready})
