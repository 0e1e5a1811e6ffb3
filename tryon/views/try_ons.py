"""One try-on: waiting, the result, and what can be done with it."""

import io
import uuid
from datetime import datetime
from typing import NotRequired, TypedDict

from django.contrib import messages
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from .. import services, tasks
from ..forms import ReportForm
from ..models import Garment, Status, TryOn
from ..pictures import normalise, storage
from ..presentation import progress, receipts
from ..services import exports, quotas
from ..web import poll_token, product_link
from .deleted import deleted
from .getters import OwnedRequest, get_try_on, owner_required

MOST_UPDATES = 100
NEXT = 4  # pieces shown for the same photo


@require_safe
@never_cache
@owner_required
def detail(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    try_on = get_try_on(request, pk)
    return render(request, "try_on/detail.html", _page(request, try_on))


def _page(request: OwnedRequest, try_on: TryOn) -> dict[str, object]:
    now = timezone.now()
    running = TryOn.objects.visible_to(request.owner).under_way().exclude(pk=try_on.pk)
    cards = [try_on, *running.with_pictures().recent()[:5]]
    progress.add_places(cards)
    if request.method == "GET":
        services.mark_seen(try_on=try_on, now=now)
    estimator = progress.Estimator(now)
    for card in cards:
        card.progress = estimator.progress(card)
    return {
        "try_on": try_on,
        "others": cards[1:],
        "view": request.GET.get("view", ""),
        "return_to": product_link.get_return_to(request),
        "next_garments": _next_garments(request, try_on),
        "known": estimator.forecast(try_on.mode).count if try_on.is_under_way else 0,
        "usually": estimator.usually(try_on.mode) if try_on.is_under_way else "",
        "refresh": max(round(try_on.progress.poll_in), 2)
        if try_on.is_under_way
        else None,
    }


def _next_garments(request: OwnedRequest, try_on: TryOn) -> list[Garment]:
    """A few more pieces for the same photo."""
    if try_on.status != Status.COMPLETED:
        return []
    worn = [pk for pk in (try_on.garment_id, try_on.bottom_garment_id) if pk]
    rows = Garment.objects.catalogue().exclude(pk__in=worn).order_by("pk")
    # From a place by chance on: to shuffle a catalogue, all of it would be read.
    begin = uuid.uuid4()
    garments = [*rows.filter(pk__gte=begin)[:NEXT], *rows.filter(pk__lt=begin)[:NEXT]]
    return garments[:NEXT]


@require_safe
@never_cache
def updates(request: OwnedRequest) -> HttpResponseBase:
    """One poll a page: `?card=<id>:<state it shows>`, as often as there are cards.

    Answers with the estimates, a new card where the state changed, and in how many
    seconds to ask again. `token` is the page's own proof of whose cards they are:
    with it a poll that finds nothing changed asks one query, and no session.
    """
    cards = map(_parse_card, request.GET.getlist("card")[:MOST_UPDATES])
    shown = {pk: status for pk, status in cards if pk is not None}
    owner_id = poll_token.read_owner(request.GET.get("token", ""))
    if owner_id is not None and "newest" not in request.GET:
        try_ons = list(TryOn.objects.existing().filter(owner=owner_id, pk__in=shown))
        if {row.pk: row.status for row in try_ons} == shown:
            now = timezone.now()
            estimator = progress.Estimator(now, progress.recent_shop.get(now))
            return JsonResponse(_build_updates(try_ons, estimator))
    return _changed(request, shown)


@owner_required
def _changed(request: OwnedRequest, shown: dict[uuid.UUID, str]) -> HttpResponse:
    rows = TryOn.objects.visible_to(request.owner).filter(pk__in=shown)
    try_ons = list(rows.with_pictures())
    answer = _build_updates(try_ons, progress.Estimator(timezone.now()))
    for try_on in try_ons:
        answer["cards"][str(try_on.pk)]["label"] = try_on.label
        if shown[try_on.pk] != try_on.status:
            html = render_to_string("gallery/_card.html", {"try_on": try_on}, request)
            answer["cards"][str(try_on.pk)]["html"] = html
    mine = TryOn.objects.visible_to(request.owner)
    newest = _moment(request.GET.get("newest", ""))
    if newest is not None:
        answer["newer"] = mine.filter(created_at__gt=newest).count()
    return JsonResponse({**answer, "running": mine.under_way().count()})


def _moment(text: str) -> datetime | None:
    try:
        parsed = parse_datetime(text)
    except ValueError:
        return None
    return parsed if parsed is not None and timezone.is_aware(parsed) else None


class Card(TypedDict):
    """What a card says of its picture while that is made."""

    status: str
    percent: int
    left: float | None  # seconds
    heading: str
    line: str
    stage: str
    label: NotRequired[str]
    html: NotRequired[str]  # the card anew, where the state changed


class Updates(TypedDict):
    cards: dict[str, Card]
    poll_in: float | None
    newer: NotRequired[int]


def _build_updates(try_ons: list[TryOn], estimator: progress.Estimator) -> Updates:
    progress.add_places(try_ons)
    cards: dict[str, Card] = {}
    delays = []
    for try_on in try_ons:
        estimate = estimator.progress(try_on)
        try_on.progress = estimate
        cards[str(try_on.pk)] = {
            "status": try_on.status,
            "percent": estimate.percent,
            "left": estimate.left,
            "heading": estimate.heading,
            "line": estimate.line,
            "stage": estimate.stage,
        }
        if try_on.is_under_way:
            delays.append(estimate.poll_in)
    return {"cards": cards, "poll_in": min(delays, default=None)}


def _parse_card(card: str) -> tuple[uuid.UUID | None, str]:
    pk, _colon, status = card.partition(":")
    try:
        return uuid.UUID(pk), status
    except ValueError:
        return None, status


@require_safe
@never_cache
@owner_required
def receipt(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    """What was asked, sent, answered and charged; with `?format=json` to keep."""
    try_on = get_try_on(request, pk)
    contents = receipts.build_receipt(try_on)
    if request.GET.get("format") == "json":
        response = JsonResponse(contents, json_dumps_params={"indent": 2})
        name = f"fitting-room-receipt-{str(try_on.pk)[:8]}.json"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
    context = {"try_on": try_on, "receipt": contents}
    return render(request, "try_on/receipt.html", context)


@require_POST
@owner_required
def cancel(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    try_on = get_try_on(request, pk)
    if services.cancel(try_on=try_on, now=timezone.now(), by=request.owner):
        messages.success(request, _("Cancelled. The try came back."))
    else:
        messages.warning(request, _("Already being made, it can no longer be stopped."))
    return redirect("try_on", pk)


@require_POST
@owner_required
def send_again(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    try_on = get_try_on(request, pk)
    if services.send_again(try_on=try_on, now=timezone.now(), by=request.owner):
        transaction.on_commit(tasks.wake_up)
    return redirect("try_on", pk)


@require_POST
@owner_required
def retry(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    """A new try for one that did not come out; also "make it again"."""
    try_on = get_try_on(request, pk)
    try:
        new, created = services.retry(try_on=try_on, now=timezone.now())
    except (quotas.LimitReached, services.OutfitError) as error:
        messages.error(request, str(error))
        return redirect("try_on", pk)
    if created:
        transaction.on_commit(tasks.wake_up)
    return redirect("try_on", new.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@owner_required
def delete(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    try_on = get_try_on(request, pk)
    if request.method == "POST":
        receipt = services.delete_try_ons(
            owner=request.owner, try_ons=[try_on], now=timezone.now()
        )
        message = ngettext("Deleted %(n)d picture.", "Deleted %(n)d pictures.", 1)
        deleted(request, message % {"n": 1}, receipt)
        return redirect("gallery")
    context = {
        "question": _("Delete this picture?"),
        "consequence": _("This cannot be undone. The try stays spent."),
        "keep_url": "try_on",
        "row": try_on,
        "picture": try_on.visible_result or try_on.photo,
        "button": _("Delete picture"),
    }
    return render(request, "confirm_delete.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@owner_required
def report(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    """Something is wrong with the picture: the shop looks at it."""
    try_on = get_try_on(request, pk)
    result = try_on.visible_result
    if result is None:
        raise Http404
    form = ReportForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        services.report_problem(
            result=result,
            reason=form.cleaned_data["reason"],
            text=form.cleaned_data["text"],
            by=request.owner,
            now=timezone.now(),
        )
        messages.success(request, _("Thank you. The shop looks at it."))
        return redirect("try_on", pk)
    status = 422 if form.is_bound else 200
    context = {"form": form, "try_on": try_on}
    return render(request, "try_on/report.html", context, status=status)


@require_safe
@owner_required
def download(request: OwnedRequest, pk: uuid.UUID) -> HttpResponseBase:
    """The picture under a name that says what it is, labelled as made by a model."""
    try_on = get_try_on(request, pk)
    result = try_on.visible_result
    if result is None:
        raise Http404
    name = exports.picture_name(try_on)
    try:
        data = normalise.labelled(storage.read(result.file_name))
    except FileNotFoundError:
        raise Http404 from None
    file = io.BytesIO(data)
    response = FileResponse(
        file, as_attachment=True, filename=name, content_type="image/jpeg"
    )
    response["Cache-Control"] = "private, no-store"
    return response
