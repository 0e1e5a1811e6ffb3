"""Compose: a photo, the clothes, one button."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods

from .. import services, tasks
from ..forms import ComposeForm, FittingForm
from ..models import SLOTS, EmbedStep, Fitting, Garment, GarmentKind, Photo, User
from ..presentation import garment_list, photo_advice, progress
from ..services import consents, quotas
from ..web import framing, product_link
from ..web.guests import make_guest
from . import frame, resuming
from .getters import OwnedRequest

PHOTOS = 12
GARMENTS = 60


@require_http_methods(["GET", "HEAD", "POST"])
@ensure_csrf_cookie
def compose(request: OwnedRequest) -> HttpResponse:
    """One outfit, or with `several` many garments at once: a fitting.

    A shop's product page links here with `?garment=SKU&return=ADDRESS`.
    """
    if request.method == "POST":
        return _submit(request)
    if framing.is_framed(request) and framing.is_opening(request):
        return frame.open_frame(request)
    if framing.has_no_cookies(request):
        return frame.show_without_cookies(request)
    product_link.remember(request)
    form = _form_class(request)(owner=request.owner or None)
    return render(request, "compose/compose.html", _page(request, form))


def _form_class(request: OwnedRequest) -> type[ComposeForm]:
    source = request.POST if request.method == "POST" else request.GET
    return FittingForm if "several" in source else ComposeForm


def _submit(request: OwnedRequest) -> HttpResponse:
    form = _form_class(request)(
        request.POST,
        request.FILES,
        owner=request.owner or None,
        needs_consent=not consents.has_consented(request.owner or None),
    )
    if not request.owner and _was_somebody(request):
        messages.info(request, _("Sign in again: what you had chosen comes along."))
        return redirect_to_login(resuming.composed(request))
    valid, wanted, now = form.is_valid(), form.composition, timezone.now()
    wanted.origin = framing.get_origin(request)
    if not request.owner:
        if not settings.TRYON_GUESTS:
            return redirect_to_login(resuming.composed(request))
        if wanted.new_photo is not None:
            make_guest(request)
    if request.owner and wanted.new_photo is not None:
        framing.count_step(request, EmbedStep.PHOTO, now)
    if valid:
        try:
            return _compose(request, wanted, now)
        except (quotas.LimitReached, services.OutfitError) as error:
            form.add_error(None, str(error))
    elif request.owner:
        services.keep_uploads(owner=request.owner, wanted=wanted, now=now)
    return render(request, "compose/compose.html", _page(request, form), status=422)


def _was_somebody(request: OwnedRequest) -> bool:
    """A photo of theirs was on the page, but nobody is there: the session has ended."""
    return bool(request.POST.get("photo")) and "photo_file" not in request.FILES


def _compose(
    request: OwnedRequest, wanted: services.Composition, now: datetime
) -> HttpResponse:
    composed = services.compose(owner=request.owner, wanted=wanted, now=now)
    if composed.created:
        transaction.on_commit(tasks.wake_up)
        for row in wanted.rows:
            tasks.ask_for_renditions(row)
    if composed.is_there_already:
        messages.info(request, _("You have this picture already."))
    name = "fitting" if isinstance(composed.place, Fitting) else "try_on"
    return redirect(name, composed.place.pk)


def _page(request: OwnedRequest, form: ComposeForm) -> dict[str, Any]:
    owner = request.owner or None
    now = timezone.now()
    chosen = _chosen(request, form)
    photos = list(Photo.objects.visible_to(owner).recent()[:PHOTOS])
    if form.composition.photo is not None and form.composition.photo not in photos:
        photos.insert(0, form.composition.photo)
    if not chosen["photo"] and photos and not form.is_bound:
        chosen["photo"] = str(photos[0].pk)
    garments, paging = _garments(request, chosen)
    return {
        "form": form,
        "errors": _errors(form),
        "token": str(uuid.uuid4()),
        "photos": photos,
        "garments": garments,
        "paging": paging,
        "chosen": chosen,
        "needs_consent": not consents.has_consented(owner),
        "consent_text": consents.TEXT,
        "several": isinstance(form, FittingForm),
        "favourites": _favourites(owner),
        "return_to": product_link.get_return_to(request),
        "report": _report(chosen, photos),
        "none_id": uuid.UUID(int=0),  # a place for the photo's in the script's address
        "kinds": GarmentKind.choices,
        "filters": {name: request.GET.get(name, "") for name in ("kind", "of", "q")},
        "tries": quotas.count_tries(owner, now),
        "usually": progress.Estimator(now).usually(),
    }


def _favourites(owner: User | None) -> set[uuid.UUID]:
    if owner is None:
        return set()
    return set(owner.favourite_garments.values_list("pk", flat=True))


def _report(chosen: dict[str, Any], photos: list[Photo]) -> dict[str, Any]:
    """The report card of the chosen photo, for the clothes that are chosen."""
    photo = next((row for row in photos if str(row.pk) == chosen["photo"]), None)
    if photo is None:
        return {}
    kind = next((SLOTS[slot] for slot in ("full", "bottom") if chosen[slot]), "")
    return {"photo": photo, "card": photo_advice.advise_on_photo(photo, kind)}


def _chosen(request: OwnedRequest, form: ComposeForm) -> dict[str, Any]:
    """What is chosen: what was sent, else what the address names.

    By slot, and all `garments` in one list, as several at once have them.
    """
    source = request.POST if form.is_bound else request.GET
    chosen = {name: source.get(name, "") for name in ("photo", *SLOTS)}
    if form.composition.photo is not None:
        chosen["photo"] = str(form.composition.photo.pk)
    chosen |= {
        slot: str(garment.pk) for slot, garment in form.composition.garments.items()
    }
    pieces = source.getlist("pieces") if isinstance(form, FittingForm) else []
    skus = [sku.replace("\x00", "") for sku in request.GET.getlist("garment")]
    if not form.is_bound:
        named = Garment.objects.catalogue().filter(sku__in=skus[: len(SLOTS)])
        for garment in named.exclude(sku=""):
            chosen[garment.slot] = str(garment.pk)
    worn = [chosen[slot] for slot in SLOTS if chosen[slot]]
    return {**chosen, "garments": [*dict.fromkeys([*pieces, *worn])]}


def _garments(request: OwnedRequest, chosen: dict[str, Any]) -> tuple[Any, Any]:
    """The chosen ones first, then what the filters leave."""
    owner = request.owner or None
    filters = {name: request.GET.get(name, "") for name in ("kind", "of", "q")}
    rack = garment_list.list_garments(
        owner, slot=filters["kind"], of=filters["of"], query=filters["q"]
    )
    page = Paginator(rack, GARMENTS).get_page(request.GET.get("page"))
    wanted = {_uuid(pk) for pk in chosen["garments"][:GARMENTS]} - {None}
    shown = list(page)
    missing = wanted - {garment.pk for garment in shown}
    if missing:
        shown = [*Garment.objects.choosable_by(owner).filter(pk__in=missing), *shown]
    return shown, page


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


ANCHORS = {
    "photo": "photo",
    "photo_file": "photo",
    "consent": "photo",
    "top": "clothes",
    "bottom": "clothes",
    "full": "clothes",
    "pieces": "clothes",
    "garment_file": "own-garment",
    "garment_kind": "own-garment",
}


def _errors(form: ComposeForm) -> list[dict[str, Any]]:
    """For the summary on top: each sentence and the place it belongs to."""
    if not form.is_bound:
        return []
    return [
        {"text": text, "anchor": ANCHORS.get(field, "outfit"), "field": field}
        for field, texts in form.errors.items()
        for text in texts
    ]
