"""A customer's photos."""

import uuid
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from .. import services, tasks
from ..forms import PhotoForm, RepairForm
from ..models import SLOTS, EmbedStep, Photo, TryOn
from ..pictures import normalise
from ..presentation import photo_advice
from ..services import consents
from ..web import framing
from ..web.guests import make_guest
from . import resuming
from .deleted import deleted
from .getters import OwnedRequest, get_photo, owner_required

MOST = 200


@require_http_methods(["GET", "HEAD", "POST"])
@ensure_csrf_cookie
def photos(request: OwnedRequest) -> HttpResponse:
    """The photos; POST adds one. With `Accept: application/json` answers its tile."""
    scripted = request.headers.get("Accept") == "application/json"
    needs_consent = not consents.has_consented(request.owner or None)
    form = PhotoForm()
    if request.method == "POST":
        form = PhotoForm(request.POST, request.FILES, needs_consent=needs_consent)
        if not request.owner and not settings.TRYON_GUESTS:
            return resuming.sign_in_first(request)
        if form.is_valid():
            photo = _add(request, form)
            if scripted:
                html = render(request, "compose/_photo.html", {"photo": photo})
                return JsonResponse({"html": html.content.decode()}, status=201)
            return redirect("photos")
        if scripted:
            first = next(iter(form.errors.values()))[0]
            return JsonResponse({"error": first}, status=422)
    rows = Photo.objects.visible_to(request.owner or None).recent()[:MOST]
    status = 422 if form.is_bound and form.errors else 200
    context = {
        "photos": rows,
        "form": form,
        "needs_consent": needs_consent,
        "consent_text": consents.TEXT,
    }
    return render(request, "photos/photos.html", context, status=status)


def _add(request: OwnedRequest, form: PhotoForm) -> Photo:
    owner, now = request.owner or make_guest(request), timezone.now()
    consents.give(owner=owner, now=now)
    photo = services.add_photo(owner=owner, picture=form.take("photo_file"), now=now)
    tasks.ask_for_renditions(photo)
    framing.count_step(request, EmbedStep.PHOTO, now)
    return photo


@require_safe
@owner_required
def photo(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    """One photo: its report card, the tools to mend it, what was made from it."""
    return render(request, "photos/photo.html", _photo_page(request, pk, RepairForm()))


def _photo_page(
    request: OwnedRequest, pk: uuid.UUID, form: RepairForm
) -> dict[str, object]:
    row = get_photo(request, pk)
    try_ons = TryOn.objects.visible_to(request.owner).filter(photo=row)
    return {
        "photo": row,
        "card": photo_advice.advise_on_photo(row, request.GET.get("kind", "")),
        "form": form,
        "made": try_ons.with_pictures().recent()[:12],
    }


@require_safe
@owner_required
def report(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    """The report card in one line, for the compose page. `kind`: of the clothes."""
    row = get_photo(request, pk)
    card = photo_advice.advise_on_photo(row, request.GET.get("kind", ""))
    return render(request, "compose/_report.html", {"photo": row, "card": card})


@require_POST
@owner_required
def repair(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    """Mend a photo; `next=compose` goes back there with the choice kept."""
    row = get_photo(request, pk)
    form = RepairForm(request.POST)
    if form.is_valid():
        try:
            repaired = services.repair_photo(
                photo=row, repair=form.make_repair(), now=timezone.now()
            )
        except normalise.PictureError as error:
            form.add_error(None, str(error))
        else:
            tasks.ask_for_renditions(repaired)
            if request.GET.get("next") == "compose":
                kept = {slot: request.POST.get(slot, "") for slot in SLOTS}
                query = urlencode({"photo": repaired.pk, **kept})
                return redirect(f"{reverse('compose')}?{query}")
            return redirect("photo", repaired.pk)
    context = _photo_page(request, pk, form)
    return render(request, "photos/photo.html", context, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@owner_required
def delete(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    photo = get_photo(request, pk)
    count = photo.try_ons.existing().count()
    if request.method == "POST":
        receipt = services.delete_photo(
            photo=photo, now=timezone.now(), by=request.owner
        )
        deleted(request, _("Deleted the photo and what was made from it."), receipt)
        return redirect("photos")
    context = {
        "question": _("Delete this photo?"),
        "consequence": ngettext(
            "Its %(n)d picture goes with it. This cannot be undone.",
            "Its %(n)d pictures go with it. This cannot be undone.",
            count,
        )
        % {"n": count}
        if count
        else _("This cannot be undone."),
        "keep_url": "photos",
        "picture": photo,
        "button": _("Delete photo"),
    }
    return render(request, "confirm_delete.html", context)
