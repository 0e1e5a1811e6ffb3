"""The shop's product page: its script, its buttons, and what is only in the frame."""

import hashlib
import json
import uuid
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from vto_site.env import BASE_DIR

from ..models import EmbedStep, User
from ..services import accounts, embed
from ..web import framing, guests
from .getters import OwnedRequest, get_try_on, owner_required

SCRIPT = BASE_DIR / "static" / "js" / "embed" / "embed.js"
SCRIPT_LASTS = 3600  # seconds
BUTTONS_LAST = 300  # seconds


def _refuse_unless_on() -> None:
    if not settings.TRYON_EMBED_ORIGINS:
        raise Http404


@require_safe
def script(request: HttpRequest) -> HttpResponse:
    """What a product page loads; the same for everybody."""
    _refuse_unless_on()
    response = HttpResponse(SCRIPT.read_bytes(), content_type="text/javascript")
    response = _cached(request, response, SCRIPT_LASTS)
    response["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
def buttons(request: HttpRequest) -> HttpResponse:
    """Which of a page's SKUs can be tried on, and what their buttons say.

    `sku` as often as there are products, `lang` likewise. JSON; with `module` the same
    as a JavaScript module, for pages whose policy lets them load nothing but scripts.
    """
    _refuse_unless_on()
    garments = embed.find_garments(_list_skus(request))
    payload = {
        "garments": {row.sku: {"name": row.name, "kind": row.kind} for row in garments},
        "texts": {code: _list_texts(code) for code in _list_languages(request)},
    }
    text = json.dumps(payload, ensure_ascii=False)
    if "module" in request.GET:
        content = f"export default {text};\n"
        response = HttpResponse(content, content_type="text/javascript")
    else:
        response = HttpResponse(text, content_type="application/json")
    patch_vary_headers(response, ["Origin"])
    response = _cached(request, response, BUTTONS_LAST)
    origin = request.headers.get("Origin", "")
    if origin in settings.TRYON_EMBED_ORIGINS:
        response["Access-Control-Allow-Origin"] = origin
        embed.shown_buttons.add(origin, [row.sku for row in garments])
    return response


def _list_skus(request: HttpRequest) -> list[str]:
    """One in each `sku`, or several with commas between them."""
    values = request.GET.getlist("sku")
    return [*values, *(part.strip() for text in values for part in text.split(","))]


def _list_languages(request: HttpRequest) -> list[str]:
    """Those of ours that were asked for, as they were; else the shop's."""
    wanted = dict.fromkeys(request.GET.getlist("lang")[: len(settings.LANGUAGES) * 2])
    return [code for code in wanted if _find_language(code)] or [settings.LANGUAGE_CODE]


def _find_language(code: str) -> str | None:
    try:
        return translation.get_supported_language_variant(code)
    except LookupError:
        return None


def _list_texts(code: str) -> dict[str, str]:
    with translation.override(_find_language(code)):
        return {
            "label": _("See it on me"),
            "close": _("Close"),
            "loading": _("The fitting room opens …"),
            "slow": _("The fitting room does not open here."),
            "window": _("Open it in a new window"),
        }


def _cached(request: HttpRequest, response: HttpResponse, seconds: int) -> HttpResponse:
    """The answer or 304; either may be used by pages of other origins."""
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:20]}"'
    response["ETag"] = etag
    response["Cache-Control"] = f"public, max-age={seconds}"
    kept = get_conditional_response(request, etag=etag, response=response)
    answer = cast(HttpResponse, kept)
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def open_frame(request: OwnedRequest) -> HttpResponse:
    """Keep what the shop's page says, and go on without it in the address."""
    now = timezone.now()
    token = request.GET.get("token", "")
    if token:
        known = request.owner if request.session.get(framing.CUSTOMER) else None
        customer = embed.use_token(token=token, known=known, now=now)
        if customer is None:
            context = {"again": framing.begun(request)}
            return render(request, "frame/too_late.html", context, status=403)
        _become(request, customer)
    elif framing.CUSTOMER in request.session:
        request.session.flush()  # the shop says no more who it is: they have left
    request.session[framing.KEPT] = framing.read_frame(request)
    framing.count_step(request, EmbedStep.OPENED, now)
    return redirect(framing.begun(request))


def _become(request: OwnedRequest, customer: User) -> None:
    """What this browser's guest has made comes along, as on a sign-in."""
    session = request.session
    guest = guests.find_guest(request)
    if session.get(framing.CUSTOMER, customer.pk) != customer.pk:
        session.flush()
        guest = None
    if guest is not None:
        accounts.claim_guest(guest=guest, owner=customer)
    session.pop(guests.GUEST, None)
    session.cycle_key()
    session[framing.CUSTOMER] = customer.pk


def show_without_cookies(request: HttpRequest) -> HttpResponse:
    context = {"address": framing.deep_link(request)}
    return render(request, "frame/no_cookies.html", context)


def show_outside(request: HttpRequest) -> HttpResponse:
    """This page is not in the frame: a link to it, for a window of its own."""
    context = {"address": framing.outside(request)}
    return render(request, "frame/outside.html", context)


@require_POST
@owner_required
def basket(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    """Counted here; the shop's page hears of it from the page's script."""
    try_on = get_try_on(request, pk)
    frame = framing.find_frame(request)
    if frame is None:
        raise Http404
    try_on.count_step(EmbedStep.BASKET, timezone.now())
    messages.success(request, _("Handed to the shop’s basket."))
    return redirect("try_on", pk)


KEEP = "keep"  # salt, and in the session of the other window
KEEP_LASTS = 600  # seconds


@require_safe
@never_cache
@owner_required
def keep(request: OwnedRequest) -> HttpResponse:
    """How a guest of the frame keeps the pictures: an account, in its own window."""
    if not framing.is_framed(request):
        return redirect("account_signup")
    if not request.owner.is_guest:
        return redirect("compose")
    proof = signing.dumps(request.owner.pk, salt=KEEP)
    address = framing.find_outside("keep_guest", proof)
    return render(request, "frame/keep.html", {"address": address})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def keep_guest(request: OwnedRequest, proof: str) -> HttpResponse:
    """Whoever signs up or in here next takes the pictures of the frame's guest along.

    They are not shown before: somebody else may have sent the link.
    """
    try:
        pk = signing.loads(proof, salt=KEEP, max_age=KEEP_LASTS)
    except signing.BadSignature:
        return render(request, "frame/keep_over.html", status=410)
    if not request.user.is_authenticated:
        request.session[guests.KEPT_GUEST] = pk
        return redirect("account_signup")
    if request.method != "POST":
        return render(request, "frame/take.html")
    guest = User.objects.guests().filter(pk=pk).first()
    if guest is not None:
        accounts.claim_guest(guest=guest, owner=request.user)
        messages.success(request, _("The pictures are in your gallery."))
    return redirect("gallery")
