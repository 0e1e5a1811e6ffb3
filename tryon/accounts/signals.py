"""What happens beside a sign-in or sign-out."""

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from .. import services
from ..models import User
from ..web.guests import GUEST, KEPT_GUEST, OwnedRequest


@receiver(user_logged_in)
def bring_guest_along(
    sender: object, request: HttpRequest, user: User, **kwargs: object
) -> None:
    """What this browser's guest has made moves to the account; a frame's likewise."""
    ids = {request.session.pop(key, None) for key in (GUEST, KEPT_GUEST)}
    for guest in User.objects.guests().filter(pk__in=ids - {None, user.pk}):
        services.claim_guest(guest=guest, owner=user)


@receiver(user_logged_out)
def tell_the_middleware(
    sender: object, request: OwnedRequest, **kwargs: object
) -> None:
    request.signed_out = True
