"""A fitting: several garments on one photo, side by side."""

import uuid

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ..models import Status
from ..presentation import progress
from .getters import OwnedRequest, get_fitting, owner_required


@require_safe
@never_cache
@owner_required
def detail(request: OwnedRequest, pk: uuid.UUID) -> HttpResponse:
    fitting = get_fitting(request, pk)
    rows = fitting.try_ons.visible_to(request.owner).with_pictures()
    try_ons = list(rows.order_by("created_at", "id"))
    if not try_ons:
        raise Http404
    progress.add_places(try_ons)
    estimator = progress.Estimator(timezone.now())
    for try_on in try_ons:
        try_on.progress = estimator.progress(try_on)
    context = {
        "fitting": fitting,
        "try_ons": try_ons,
        "ready": sum(try_on.status == Status.COMPLETED for try_on in try_ons),
        "running_now": any(try_on.is_under_way for try_on in try_ons),
    }
    return render(request, "try_on/fitting.html", context)
