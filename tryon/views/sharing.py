"""Share links: made and ended by the owner, opened and voted on by anybody."""

import secrets
import uuid

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from .. import services
from ..forms import ShareForm, VoteForm
from ..models import Share
from ..pictures import link_preview, storage
from ..web import framing, rate_limit
from ..web.qr import qr_code
from . import serving
from .getters import OwnedRequest, get_try_on, owner_required

VOTER = "voter"  # cookie: random, only on these pages, names nobody
A_YEAR = 365 * 24 * 3600
VOTES = rate_limit.Rate("vote", most=20, seconds=3600)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@owner_required
def share(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    """The links to a picture; POST makes one."""
    try_on = get_try_on(request, pk)
    if try_on.visible_result is None:
        raise Http404
    form = ShareForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        services.create_share(
            try_on=try_on,
            days=int(form.cleaned_data["days"]),
            with_photo=form.cleaned_data["with_photo"],
            now=timezone.now(),
        )
        return redirect("share", pk)
    links = Share.objects.open(timezone.now()).filter(try_on=try_on)
    context = {
        "try_on": try_on,
        "form": form,
        "links": [_describe_link(link) for link in links.prefetch_related("votes")],
    }
    status = 422 if form.is_bound else 200
    return render(request, "sharing/share.html", context, status=status)


def _describe_link(link: Share) -> dict[str, object]:
    address = framing.find_outside("shared", link.token)
    return {"link": link, "address": address, "svg": qr_code(address)}


@require_POST
@owner_required
def end(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    links = Share.objects.filter(try_on__owner=request.owner)
    link = get_object_or_404(links, pk=pk)
    services.end_share(share=link, now=timezone.now())
    messages.success(request, _("The link has ended."))
    return redirect("share", link.try_on_id)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """What a friend sees: the picture, and two buttons. POST votes."""
    link = _find(token)
    if link is None:
        return _over(request)
    form = VoteForm(request.POST if request.method == "POST" else None)
    voter = request.get_signed_cookie(VOTER, "", salt=VOTER) or ""
    if form.is_valid():
        return _vote(request, link, form, voter)
    mine = link.votes.filter(voter=voter).first() if voter else None
    context = {
        "link": link,
        "try_on": link.try_on,
        "form": form,
        "mine": mine,
        "count": link.votes.aggregate(all=Count("pk"), up=Count("pk", Q(up=True))),
        "preview": _preview(link),
    }
    status = 422 if form.is_bound else 200
    response = render(request, "sharing/shared.html", context, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _preview(link: Share) -> dict[str, object]:
    result = link.try_on.result
    width, height = link_preview.fit_size(result.width, result.height)
    address = settings.SITE_URL + reverse("shared_preview", args=[link.token])
    return {"address": address, "width": width, "height": height}


def _vote(
    request: HttpRequest, link: Share, form: VoteForm, voter: str
) -> HttpResponse:
    if not VOTES.allows(request, str(link.pk)):
        return render(request, "errors/slower.html", status=429)
    voter = voter or secrets.token_urlsafe(16)
    services.vote(
        share=link,
        voter=voter,
        up=form.cleaned_data["vote"] == "up",
        comment=form.cleaned_data["comment"],
        now=timezone.now(),
    )
    response = redirect("shared", link.token)
    response.set_signed_cookie(
        VOTER,
        voter,
        salt=VOTER,
        max_age=A_YEAR,
        path="/s/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@require_safe
def picture(request: HttpRequest, token: str) -> HttpResponseBase:
    link = _find(token)
    if link is None:
        raise Http404
    return _file(request, link.try_on.result.file_name)


@require_safe
def photo(request: HttpRequest, token: str) -> HttpResponseBase:
    """The photo that the picture was made from, where the owner shows it too."""
    link = _find(token)
    if link is None or not link.with_photo or link.try_on.photo is None:
        raise Http404
    return _file(request, link.try_on.photo.file_name)


@require_safe
def preview(request: HttpRequest, token: str) -> HttpResponseBase:
    """What a messenger shows beside the link; made when it asks, kept nowhere."""
    link = _find(token)
    if link is None:
        raise Http404
    result = link.try_on.result
    etag = f'"{result.stem}-preview"'
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    else:
        try:
            preview = link_preview.make_preview(storage.read(result.file_name))
        except FileNotFoundError:
            raise Http404 from None
        response = HttpResponse(preview, content_type="image/jpeg")
    response["ETag"] = etag
    return _ends_with_the_link(response)


def _file(request: HttpRequest, name: str) -> HttpResponseBase:
    return _ends_with_the_link(serving.serve_private(request, name, timezone.now()))


def _ends_with_the_link(response: HttpResponseBase) -> HttpResponseBase:
    # A link that was ended must not live on in a cache.
    response["Cache-Control"] = "private, no-cache"
    response["X-Robots-Tag"] = "noindex, noimageindex"
    return response


def _find(token: str) -> Share | None:
    links = Share.objects.open(timezone.now()).filter(token=token)
    return links.select_related(
        "try_on__result",
        "try_on__photo",
        "try_on__garment",
        "try_on__bottom_garment",
    ).first()


def _over(request: HttpRequest) -> HttpResponse:
    """Ended, deleted or never there: one and the same answer."""
    response = render(request, "sharing/over.html", status=404)
    response["X-Robots-Tag"] = "noindex"
    return response
