"""The QR code on the desktop, and the page that the phone opens with it."""

import uuid

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import time_format
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from .. import services, tasks
from ..forms import ConsentForm, PhotoForm
from ..models import Handoff
from ..services import consents
from ..web import framing
from ..web.guests import make_guest
from ..web.qr import qr_code
from . import resuming
from .getters import OwnedRequest, owner_required

LOOK_EVERY = 2  # seconds, while the code is on the screen


@require_POST
def open_code(request: OwnedRequest) -> HttpResponse:
    """A code for the phone, until when it works, and where to ask for news of it."""
    if not request.owner and not settings.TRYON_GUESTS:
        return resuming.sign_in_first(request)
    needed = not consents.has_consented(request.owner or None)
    form = ConsentForm(request.POST, needs_consent=needed)
    if not form.is_valid():
        return JsonResponse({"error": form.errors["consent"][0]}, status=422)
    owner = request.owner or make_guest(request)
    consents.give(owner=owner, now=timezone.now())
    handoff, secret = services.open_handoff(owner=owner, now=timezone.now())
    address = framing.find_outside("phone", secret)
    until = time_format(timezone.localtime(handoff.expires_at), "H:i")
    context = {"svg": qr_code(address), "until": until, "address": address}
    return JsonResponse(
        {
            "html": render_to_string("compose/_code.html", context, request),
            "look": reverse("handoff", args=[handoff.pk]),
            "every": LOOK_EVERY,
        }
    )


@require_safe
@never_cache
@owner_required
def handoff(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    """What became of the code: open, used (with the photo's tile), or over."""
    row = get_object_or_404(Handoff.objects.select_related("photo"), pk=pk)
    if row.owner_id != request.owner.pk:
        return JsonResponse({"state": "over"}, status=404)
    if row.photo is not None:
        html = render_to_string("compose/_photo.html", {"photo": row.photo}, request)
        return JsonResponse({"state": "used", "html": html})
    state = "open" if row.is_open(timezone.now()) else "over"
    return JsonResponse({"state": state})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def phone(request: OwnedRequest, secret: str) -> HttpResponse:
    """On the phone: nobody is signed in here; the code alone lets one photo in."""
    now = timezone.now()
    row = services.find_handoff(secret=secret, now=now)
    if row is None:
        return render(request, "photos/phone_over.html", status=404)
    form = PhotoForm()
    if request.method == "POST":
        form = PhotoForm(request.POST, request.FILES)
        if form.is_valid():
            photo = services.use_handoff(
                handoff=row, picture=form.take("photo_file"), now=timezone.now()
            )
            if photo is None:
                return render(request, "photos/phone_over.html", status=404)
            tasks.ask_for_renditions(photo)
            return render(request, "photos/phone_done.html")
    status = 422 if form.is_bound else 200
    return render(request, "photos/phone.html", {"form": form}, status=status)
