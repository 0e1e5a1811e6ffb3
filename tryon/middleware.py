"""Who is asking, by which clock, and the health page that needs no database."""

import logging
import time
from collections.abc import Callable
from functools import lru_cache
from typing import cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware import gzip
from django.shortcuts import render
from django.urls import get_script_prefix, set_script_prefix
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from vto_site import log_context

from . import services
from .api import auth, problems
from .models import OwnerGone, User
from .pictures import normalise, storage
from .views import frame
from .web import framing, guests, local_days, rate_limit, request_bodies

ZONE = "tz"  # cookie, set by static/js/zone.js: "Europe/Berlin"
RETRY_AFTER = 10  # seconds
PERMISSIONS = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()"

logger = logging.getLogger("tryon.requests")

Handler = Callable[[HttpRequest], HttpResponse]


class HealthMiddleware:
    """`/healthz`: the process is alive. Before hosts, sessions and redirects."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return HttpResponse("ok\n", content_type="text/plain")
        return self.get_response(request)


class ApiMiddleware:
    """Below `/api/` every error is a problem document, whoever answered it: hosts,
    bodies that are too large, methods, a fault of ours. HEAD is GET without a body.

    No cookie counts there, so nobody's browser can be made to ask: no form is refused
    for want of a token.
    """

    KEPT = ("Allow", "Retry-After", "X-Request-ID")

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not f"{request.path}/".startswith("/api/"):
            return self.get_response(request)
        if request.method == "HEAD":
            request.method = "GET"
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        response = self.get_response(request)
        told = response.headers.get("Content-Type", "") == problems.CONTENT_TYPE
        if response.status_code >= 400 and not told:
            answered, code = response, problems.find_code(response.status_code)
            response = problems.respond(problems.Problem(code))
            for name in self.KEPT:
                if name in answered:
                    response[name] = answered[name]
        for name, text in auth.describe_pace(request).items():
            response[name] = text
        return response


class EdgeMiddleware:
    """What is known of a request before anything is read: whence, how large, its id.

    What a proxy says counts only if it is one of TRUSTED_PROXIES. Too large a body is
    refused by its length, announced or measured (`request_bodies`), before it is read.
    """

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = str(request.META.get("REMOTE_ADDR", ""))
        trusted = rate_limit.is_trusted(address)
        if not trusted:
            scheme = request.META.get("HTTP_X_FORWARDED_PROTO", "")
            if settings.SECURE_SSL_REDIRECT and scheme.startswith("https"):
                tell_of_proxy(address)
            for name in ("PROTO", "FOR", "HOST"):
                request.META.pop(f"HTTP_X_FORWARDED_{name}", None)
        proxys_id = request.headers.get("X-Request-ID", "") if trusted else ""
        began = time.perf_counter()
        identity = log_context.begin(proxys_id)
        if request_bodies.is_endless(request):
            response = render(request, "errors/length_required.html", status=411)
        elif request_bodies.is_too_large(request):
            response = render(request, "errors/too_large.html", status=413)
        else:
            response = self.get_response(request)
        response["X-Request-ID"] = identity
        response["Permissions-Policy"] = PERMISSIONS
        match = request.resolver_match
        # The view's name, since addresses hold the secrets of shares and hand-offs.
        logger.info(
            "%s %s %d in %.0f ms",
            request.method,
            match.view_name if match else "?",
            response.status_code,
            (time.perf_counter() - began) * 1000,
        )
        return response


@lru_cache(maxsize=20)
def tell_of_proxy(address: str) -> None:
    """Once for each: what it says of https is not believed, and led there again."""
    logging.getLogger("tryon.proxies").error(
        "X-Forwarded-Proto: https came from %s, which TRUSTED_PROXIES does not name: "
        "name it if it is your proxy, or each page leads to itself for ever.",
        address,
    )


class FrameMiddleware:
    """Below `/frame/` the site once more, for a frame on the shop's product page.

    See `web.framing`. Off, there is nothing at these addresses.
    """

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not framing.is_framed(request):
            return self.get_response(request)
        framing.enter(request)
        outer = get_script_prefix()
        set_script_prefix(framing.PREFIX)
        try:
            response = self.get_response(request)
        finally:
            set_script_prefix(outer)
        return framing.leave(request, response)

    def process_view(
        self, request: HttpRequest, view: Handler, args: object, kwargs: object
    ) -> HttpResponse | None:
        match = request.resolver_match
        if not framing.is_framed(request) or match is None:
            return None
        if match.view_name in framing.PAGES:
            return None
        if request.method == "GET" and match.view_name in framing.OUTSIDE:
            return frame.show_outside(request)
        raise Http404


class FrameSessionMiddleware:
    """What a frame keeps in its session instead of in cookies: its language, and the
    secret of its forms. And which pages may be around it."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not framing.is_framed(request):
            return self.get_response(request)
        opened = framing.find_frame(request)
        if opened is not None and opened["language"]:
            request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = opened["language"]
        if secret := request.session.get(framing.SECRET):
            request.COOKIES[settings.CSRF_COOKIE_NAME] = secret
        response = framing.allow_framing(self.get_response)(request)
        fresh = response.cookies.pop(settings.CSRF_COOKIE_NAME, None)
        if fresh is not None:
            request.session[framing.SECRET] = fresh.value
        del response["X-Frame-Options"]
        return response


class ZoneMiddleware:
    """Times are shown by the visitor's clock, to staff at work by the shop's.

    The browser names its zone in a cookie; without one, the shop's. Only what is shown
    depends on it, never a rule.
    """

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = None
        if not request.path.startswith("/admin/"):
            zone = local_days.find_zone(request.COOKIES.get(ZONE, ""))
        with timezone.override(zone):  # None: the shop's
            return self.get_response(request)


class GZipMiddleware(gzip.GZipMiddleware):
    """Pages; not files, which are compressed already and whose ranges would be off,
    nor pictures, whose ETag would be a weak one."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "")
        if response.streaming or kind.startswith("image/"):
            return response
        return super().process_response(request, response)


class OwnerMiddleware:
    """Sets `request.owner`: the signed-in user, the browser's guest, or None."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        owned = cast(guests.OwnedRequest, request)
        owned.owner = cast(User, SimpleLazyObject(lambda: guests.find_owner(request)))
        response = self.get_response(request)
        if request.method == "POST" and owned.owner:
            remember_language(owned.owner)
        if getattr(request, "signed_out", False):
            # Pictures may stay in the browser's cache for a day; not for the next user.
            response["Clear-Site-Data"] = '"cache"'
        return response


class ExceptionMiddleware:
    """Our own pages for what is gone, too much or away, with DEBUG too.

    Storage that is away, and more pictures than can be read, ask to come again.
    """

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if isinstance(exception, Http404):
            return render(request, "errors/404.html", status=404)
        if isinstance(exception, guests.TooManyGuests):
            return render(request, "errors/guests.html", status=429)
        if isinstance(exception, services.TooManyUploads):
            return render(request, "errors/uploads.html", status=429)
        if isinstance(exception, OwnerGone):
            return render(request, "errors/owner_gone.html", status=409)
        if isinstance(exception, (normalise.Busy, storage.Away)):
            away = isinstance(exception, storage.Away)
            response = render(request, "errors/busy.html", {"away": away}, status=503)
            response["Retry-After"] = str(RETRY_AFTER)
            return response
        return None


def remember_language(owner: User) -> None:
    """For letters. With what somebody sends, since reading writes nothing."""
    language = get_language() or ""
    if owner.language != language:
        User.objects.filter(pk=owner.pk).update(language=language)
