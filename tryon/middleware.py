"""Who is asking, and the health page that needs no host and no database."""

import hashlib
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from . import throttle
from .models import User

GUEST = "guest"  # session key
Handler = Callable[[HttpRequest], HttpResponse]


class HealthMiddleware:
    """`/healthz`: the process is alive. Before hosts, sessions and redirects."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain")
        return self.get_response(request)


class OwnerMiddleware:
    """Sets `request.owner`: the signed-in user, the browser's guest, or None."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.owner = SimpleLazyObject(lambda: find_owner(request))  # type: ignore[attr-defined]
        response = self.get_response(request)
        if getattr(request, "signed_out", False):
            # Pictures may stay in the browser's cache for a day; not for the next user.
            response["Clear-Site-Data"] = '"cache"'
        return response


class NotFoundMiddleware:
    """Our own page for what is gone, with DEBUG too: `make run` has customers."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if isinstance(exception, Http404):
            return render(request, "errors/404.html", status=404)
        if isinstance(exception, TooManyGuests):
            return render(request, "errors/guests.html", status=429)
        return None


def find_owner(request: HttpRequest) -> User | None:
    if request.user.is_authenticated:
        return request.user
    guest_id = request.session.get(GUEST)
    if guest_id is None:
        return None
    guests = User.objects.guests().filter(guest_expires_at__gt=timezone.now())
    return guests.filter(pk=guest_id).first()


GUESTS = throttle.Rate("guest", most=50, seconds=24 * 3600)


class TooManyGuests(Exception):
    """So many guests came from one address today that the next needs an account."""


def make_guest(request: HttpRequest) -> User:
    """The guest of this browser, made at its first upload.

    Raises `TooManyGuests`: a limit for each browser is none if browsers are free.

    The CSRF cookie is the secret that tells browsers apart before there is a session.
    """
    if not GUESTS.allows(request):
        raise TooManyGuests
    secret = request.META["CSRF_COOKIE"].encode()
    browser = hashlib.sha256(b"guest:" + secret).hexdigest()
    guest = User.objects.get_or_create_guest(browser, timezone.now())
    request.session.cycle_key()
    request.session[GUEST] = guest.pk
    request.owner = guest  # type: ignore[attr-defined]
    return guest
