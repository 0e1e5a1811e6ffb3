"""How often one address may do something; counted in the shared cache."""

import hashlib
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """Where a request comes from: behind TRUSTED_PROXIES, what they say of it.

    From the right, since anybody may write what stands further left.
    """
    came = str(request.META.get("REMOTE_ADDR", ""))
    told = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while told and is_trusted(came):
        came = told.pop().strip() or came
    return came


def is_trusted(text: str) -> bool:
    """Whether an address is one of our own proxies'."""
    try:
        found = ip_address(text)
    except ValueError:
        return False
    return any(
        found in ip_network(proxy, strict=False) for proxy in settings.TRUSTED_PROXIES
    )


@dataclass(frozen=True)
class Rate:
    """At most `most` in `seconds`, for each address and subject."""

    name: str
    most: int
    seconds: int

    def allows(self, request: HttpRequest, subject: str = "") -> bool:
        """Count this one; False if it is one too many."""
        who = f"{address(request)}|{subject}"
        key = f"rate:{self.name}:{hashlib.sha256(who.encode()).hexdigest()}"
        if cache.add(key, 1, self.seconds):
            return True
        try:
            return cache.incr(key) <= self.most
        except ValueError:  # it ran out in between
            return True
