"""The catalogue to read, and a customer's own pieces."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_http_methods

from .. import services, tasks
from ..forms import GarmentForm
from ..models import Garment, TryOn
from ..web.guests import make_guest
from .deleted import deleted
from .getters import OwnedRequest, get_own_garment, owner_required

PAGE = 60


@require_http_methods(["GET", "HEAD", "POST"])
@ensure_csrf_cookie
def garments(request: OwnedRequest) -> HttpResponse:
    form = GarmentForm()
    mine = request.GET.get("of") == "mine" or request.method == "POST"
    if request.method == "POST":
        form = GarmentForm(request.POST, request.FILES)
        if not request.owner and not settings.TRYON_GUESTS:
            return redirect("account_login")
        if form.is_valid():
            _add(request, form)
            messages.success(request, _("Added to your pieces."))
            return redirect(f"{request.path}?of=mine")
    owner = request.owner or None
    rows = Garment.objects.catalogue().order_by("sku", "id")
    if mine:
        rows = Garment.objects.filter(owner=owner) if owner else Garment.objects.none()
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    status = 422 if form.is_bound and form.errors else 200
    context = {"page": page, "form": form, "mine": mine}
    return render(request, "garments/garments.html", context, status=status)


def _add(request: OwnedRequest, form: GarmentForm) -> None:
    owner = request.owner or make_guest(request)
    garment = services.add_garment(
        owner=owner,
        picture=form.take("garment_file"),
        kind=form.cleaned_data["garment_kind"],
        name=form.cleaned_data["garment_name"],
        now=timezone.now(),
    )
    tasks.ask_for_renditions(garment)


@require_http_methods(["GET", "HEAD", "POST"])
@owner_required
def delete(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    garment = get_own_garment(request, pk)
    rows = TryOn.objects.existing()
    count = rows.filter(Q(garment=garment) | Q(bottom_garment=garment)).count()
    if request.method == "POST":
        receipt = services.delete_garment(
            garment=garment, now=timezone.now(), by=request.owner
        )
        deleted(request, _("Deleted the piece and what was made with it."), receipt)
        return redirect("garments")
    context = {
        "question": _("Delete %(name)s?") % {"name": garment.label},
        "consequence": ngettext(
            "The %(n)d picture made with it goes too. This cannot be undone.",
            "The %(n)d pictures made with it go too. This cannot be undone.",
            count,
        )
        % {"n": count}
        if count
        else _("This cannot be undone."),
        "keep_url": "garments",
        "picture": garment,
        "button": _("Delete it"),
    }
    return render(request, "confirm_delete.html", context)
