"""The shop's own look, over the house's."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from vto_site.theme import LOGOS

LASTS = 365 * 24 * 3600  # seconds; the address changes with what is in it


@require_safe
def stylesheet(request: HttpRequest) -> HttpResponse:
    if not settings.TRYON_THEME.is_set:
        raise Http404
    return _lasting(HttpResponse(settings.TRYON_THEME.build_css(), "text/css"))


@require_safe
def logo(request: HttpRequest) -> HttpResponse:
    path = settings.TRYON_THEME.logo
    if path is None:
        raise Http404
    kind = LOGOS[path.suffix.lower()]
    return _lasting(HttpResponse(path.read_bytes(), content_type=kind))


def _lasting(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = f"public, max-age={LASTS}, immutable"
    return response
