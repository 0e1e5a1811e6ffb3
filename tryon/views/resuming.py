"""Back to where somebody was, with what they had chosen, when a form came to nothing.

Addresses only, for a page on which the person looks and presses again: what a form
carried is never sent by itself.
"""

import uuid
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from ..models import SLOTS

ONE_EACH = ("photo", *SLOTS)
MOST_PIECES = 60
LOOK = ("several", "kind", "of", "q", "page")  # of the clothes on the page


def sent_from(request: HttpRequest) -> str:
    """The page of ours that this form was on, as the browser tells; else compose."""
    referer = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(referer, {request.get_host()}):
        parts = urlsplit(referer)
        if parts.path:
            return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return reverse("compose")


def composed(request: HttpRequest) -> str:
    """Compose with the photo and the clothes of this form, and its filters."""
    look = {**request.GET.dict(), **request.POST.dict()}
    query = [(name, look[name]) for name in LOOK if look.get(name)]
    chosen = [(name, request.POST.get(name, "")) for name in ONE_EACH]
    chosen += [("pieces", pk) for pk in request.POST.getlist("pieces")[:MOST_PIECES]]
    query += [(name, pk) for name, pk in chosen if _is_key(pk)]
    address = reverse("compose")
    return f"{address}?{urlencode(query)}" if query else address


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """To the log-in, and from there to the page, not to what only takes a form."""
    posted = request.method == "POST"
    return redirect_to_login(sent_from(request) if posted else request.get_full_path())


def _is_key(text: str) -> bool:
    try:
        return bool(uuid.UUID(text))
    except ValueError:
        return False
