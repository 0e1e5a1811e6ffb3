"""The fitting room in a frame on the shop's product page.

Below `/frame/` are the same pages, as if the site were mounted there a second time,
with cookies of their own: partitioned, so that they work where third-party cookies are
blocked, and so that one shop's frame knows nothing of another's.
"""

from collections.abc import Callable, Container
from datetime import datetime
from http.cookies import Morsel
from typing import TypedDict
from urllib.parse import urlencode, urlsplit

from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.urls import reverse

from ..models import EmbedCount, EmbedStep

PREFIX = "/frame/"
KEPT = "frame"  # in the session
CUSTOMER = "customer"  # in the session
SECRET = "form_secret"  # noqa: S105 - the name of a place in the session
VISIT = "visit"  # in the address: the session has begun
FORM = "X-Frame-Form"
MOST = 2000  # characters of an address

# By name: what a shopper needs here. All else opens in a window of its own.
PAGES = frozenset(
    [
        "basket",
        "cancel_try_on",
        "compare",
        "compose",
        "delete_garment",
        "delete_photo",
        "delete_try_on",
        "deletion_receipt",
        "download_export",
        "download_try_on",
        "end_share",
        "export",
        "favourite_garment",
        "favourite_try_on",
        "fitting",
        "gallery",
        "garments",
        "handoff",
        "keep",
        "media",
        "open_handoff",
        "photo",
        "photo_report",
        "photos",
        "receipt",
        "repair_photo",
        "report_try_on",
        "retry_try_on",
        "selected",
        "send_again",
        "share",
        "theme_css",
        "theme_logo",
        "try_on",
        "updates",
    ]
)


# The others that pages link to, shown in a window of its own.
OUTSIDE = frozenset(
    ["home", "privacy", "account", "account_login", "account_signup", "messages"]
)


class Frame(TypedDict):
    """What the shop's page said when it opened the frame."""

    page: str  # its address, "" if not told
    origin: str  # one of TRYON_EMBED_ORIGINS, "" if not told
    sku: str
    language: str
    basket: bool  # it has one and wants to be told


class PartitionedMorsel(Morsel[str]):
    """A cookie of one top-level site only (CHIPS), which Python has no word for yet."""

    def OutputString(self, attrs: Container[str] | None = None) -> str:
        return f"{super().OutputString(attrs)}; Partitioned"


def is_framed(request: HttpRequest) -> bool:
    return request.path.startswith(PREFIX) and bool(settings.TRYON_EMBED_ORIGINS)


def find_frame(request: HttpRequest) -> Frame | None:
    """What was told at the opening; None outside a frame, and before it is open."""
    if not is_framed(request):
        return None
    frame: Frame | None = request.session.get(KEPT)
    return frame


def enter(request: HttpRequest) -> None:
    """Mount the request below the prefix, with the frame's own cookies alone."""
    request.path_info = request.path.removeprefix(PREFIX.rstrip("/"))
    begin = _cookie_prefix()
    request.COOKIES = {
        name.removeprefix(begin): value
        for name, value in request.COOKIES.items()
        if name.startswith(begin)
    }
    if request.method not in ("GET", "HEAD", "OPTIONS", "TRACE"):
        # Django asks for the Origin only where a browser names one.
        request.META.setdefault("HTTP_ORIGIN", "null")


def leave(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Every cookie that was set becomes one of the frame.

    A form that static/js/frame.js has sent gets told where to go on: that page shall
    take the place of this one, and its messages are read only once.
    """
    cookies = response.cookies
    if FORM in request.headers and "Location" in response:
        response = JsonResponse({"location": response["Location"]})
        response.cookies = cookies
    for name, plain in list(cookies.items()):
        del cookies[name]
        kind = PartitionedMorsel if settings.SECURE else Morsel
        morsel: Morsel[str] = kind()
        begin = _cookie_prefix()
        morsel.set(f"{begin}{name}", plain.value, plain.coded_value)
        morsel.update({key: plain[key] for key in ("expires", "max-age", "httponly")})
        morsel["path"] = "/"
        morsel["samesite"] = "None" if settings.SECURE else "Lax"
        morsel["secure"] = settings.SECURE
        dict.__setitem__(cookies, morsel.key, morsel)
    return response


def _cookie_prefix() -> str:
    return "__Host-frame-" if settings.SECURE else "frame-"


def allow_framing(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    ancestors = {"frame-ancestors": settings.TRYON_EMBED_ORIGINS}
    return csp_replace(ancestors)(get_response)  # type: ignore[return-value]


def find_origin(page: str) -> str:
    """The origin of a page that may frame us, else nothing."""
    try:
        parts = urlsplit(page[:MOST])
    except ValueError:
        return ""
    origin = f"{parts.scheme}://{parts.netloc.lower()}"
    return origin if origin in settings.TRYON_EMBED_ORIGINS else ""


def read_frame(request: HttpRequest) -> Frame:
    """What the address of an opening says. The Referer tells as much as it may."""
    query = request.GET
    page = query.get("return", "")[:MOST]
    origin = find_origin(page)
    return Frame(
        page=page if origin else "",
        origin=origin or find_origin(request.headers.get("Referer", "")),
        sku=next(iter(query.getlist("garment")), "")[:40].replace("\x00", ""),
        language=query.get("lang", "")[:20],
        basket="basket" in query,
    )


def get_origin(request: HttpRequest) -> str | None:
    """The shop's page around us: "" if it was not told, None if there is none."""
    frame = find_frame(request)
    if frame is not None:
        return frame["origin"]
    return "" if is_framed(request) else None


def count_step(request: HttpRequest, step: EmbedStep, now: datetime) -> None:
    """For the shop's insight: somebody came so far with the piece it opened for."""
    frame = find_frame(request)
    if frame is not None:
        EmbedCount.add(step, origin=frame["origin"], sku=frame["sku"], now=now)


def is_opening(request: HttpRequest) -> bool:
    """The shop's page has just opened this, by an address that says more than ours."""
    says_more = not {"token", "return", "lang", "basket"}.isdisjoint(request.GET)
    return VISIT not in request.GET and (says_more or find_frame(request) is None)


def has_no_cookies(request: HttpRequest) -> bool:
    """The session has begun, and the browser did not bring it back."""
    return is_framed(request) and VISIT in request.GET and find_frame(request) is None


def begun(request: HttpRequest) -> str:
    """The address once what it says of the shop's page is kept; no token is in it."""
    query = QueryDict(mutable=True)
    query.setlist("garment", request.GET.getlist("garment"))
    if request.GET.get("return"):
        query["return"] = request.GET["return"]
    query[VISIT] = "1"
    return f"{request.path}?{query.urlencode()}"


def outside(request: HttpRequest) -> str:
    """The same address for a window of its own, and the one it leads back to."""
    return settings.SITE_URL + request.get_full_path().replace(PREFIX, "/")


def find_outside(name: str, *args: object) -> str:
    """The whole address of a page in a window of its own, also from in the frame."""
    address = reverse(name, args=args)
    if address.startswith(PREFIX):
        address = address.removeprefix(PREFIX.rstrip("/"))
    return f"{settings.SITE_URL}{address}"


def deep_link(request: HttpRequest) -> str:
    """The ordinary way to try this garment on, with the way back to its product."""
    query = [("garment", sku) for sku in request.GET.getlist("garment")]
    if page := request.GET.get("return"):
        query.append(("return", page))
    return f"{find_outside('compose')}?{urlencode(query)}"
