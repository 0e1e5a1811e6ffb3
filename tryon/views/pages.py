"""Pages around the fitting room, and what a load balancer asks."""

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from .. import tasks
from ..monitoring import metrics as figures
from ..monitoring import status
from ..pictures import storage


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "home.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "privacy.html")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """503 only for database and storage; broker and last tick are told in the body.

    A database that can only be read is of no use.
    """
    answers: dict[str, object] = {"database": False, "storage": storage.is_there()}
    try:
        connection.ensure_connection()
        answers["database"] = connection.is_usable()
        answers["last_tick_seconds"] = status.last_tick_seconds()
    except Error:
        answers["database"] = False
    answers["broker"] = tasks.broker_answers()
    ready = answers["database"] and answers["storage"]
    return JsonResponse(answers, status=200 if ready else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus, with METRICS_TOKEN as its bearer token, or for staff."""
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token = settings.METRICS_TOKEN
    if token and constant_time_compare(sent, token):
        return _metrics(request)
    return staff_member_required(_metrics)(request)


def _metrics(request: HttpRequest) -> HttpResponse:
    page = figures.page(timezone.now())
    return HttpResponse(page, content_type=CONTENT_TYPE_LATEST)
