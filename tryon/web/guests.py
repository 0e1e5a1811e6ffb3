"""Who is asking: the signed-in user, the shop's customer, or this browser's guest."""

import hashlib

from django.http import HttpRequest
from django.utils import timezone

from ..models import User
from . import framing, rate_limit

GUEST = "guest"  # session key
KEPT_GUEST = "kept_guest"  # session key: of a frame, for whoever signs in next


class OwnedRequest(HttpRequest):
    """What `tryon.middleware.OwnerMiddleware` makes of a request.

    `owner` is false for a browser that has neither account nor guest.
    """

    owner: User
    signed_out: bool  # only there where somebody has just done so


def find_owner(request: HttpRequest) -> User | None:
    if request.user.is_authenticated:
        return request.user
    return find_customer(request) or find_guest(request)


def find_customer(request: HttpRequest) -> User | None:
    """Whom the shop has said that it is, in the frame on its product page."""
    if not framing.is_framed(request):
        return None
    customer_id = request.session.get(framing.CUSTOMER)
    if customer_id is None:
        return None
    customers = User.objects.of_the_api().filter(is_active=True)
    customer: User | None = customers.filter(pk=customer_id).first()
    return customer


def find_guest(request: HttpRequest) -> User | None:
    guest_id = request.session.get(GUEST)
    if guest_id is None:
        return None
    guests = User.objects.guests().filter(guest_expires_at__gt=timezone.now())
    guest: User | None = guests.filter(pk=guest_id).first()
    return guest


GUESTS = rate_limit.Rate("guest", most=50, seconds=24 * 3600)


class TooManyGuests(Exception):
    """So many guests came from one address today that the next needs an account."""


def make_guest(request: OwnedRequest) -> User:
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
    request.owner = guest
    return guest
