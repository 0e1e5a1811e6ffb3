"""Pages around the fitting room, and what a load balancer asks."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .. import media, status, tasks


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "home.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "privacy.html")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """503 only for database and storage; broker and last tick are told in the body."""
    told: dict[str, object] = {"database": True, "storage": media.is_there()}
    try:
        connection.ensure_connection()
        told["last_tick_seconds"] = status.last_tick_seconds()
    except DatabaseError:
        told["database"] = False
    told["broker"] = tasks.broker_answers()
    ready = told["database"] and told["storage"]
    return JsonResponse(told, status=200 if ready else 503)
