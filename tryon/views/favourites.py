"""Hearts: on garments, and on pictures. Setting one twice changes nothing."""

import uuid
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from .. import services
from ..models import SLOTS
from .getters import OwnedRequest, get_garment, get_try_on, owner_required


@require_POST
@owner_required
def garment(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    """`favourite`: on or off. Answers 204 to a script, else leads back to compose."""
    row = get_garment(request, pk)
    services.set_favourite_garment(owner=request.owner, garment=row, on=_on(request))
    if _scripted(request):
        return HttpResponse(status=204)
    kept = {name: request.POST.get(name, "") for name in ("photo", *SLOTS)}
    return redirect(f"{reverse('compose')}?{urlencode(kept)}#clothes")


@require_POST
@owner_required
def try_on(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    """As above; leads back to the picture."""
    row = get_try_on(request, pk)
    services.set_favourite(try_on=row, on=_on(request), now=timezone.now())
    if _scripted(request):
        return HttpResponse(status=204)
    return redirect("try_on", row.pk)


def _on(request: OwnedRequest) -> bool:
    return request.POST.get("favourite") == "on"


def _scripted(request: OwnedRequest) -> bool:
    return request.headers.get("Accept") == "application/json"
