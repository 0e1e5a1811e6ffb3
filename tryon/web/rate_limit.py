"""Where a request comes from, and how often one household may do something."""

import hashlib
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from ..models import TokenBucket

HOUSEHOLD = 64  # bits of an IPv6 address: the rest is free to whoever has them


def find_address(request: HttpRequest) -> str:
    """Where a request comes from: behind TRUSTED_PROXIES, what they say of it.

    From the right, since anybody may write what stands further left.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while hops and is_trusted(address):
        address = strip_port(hops.pop().strip()) or address
    parsed = _parse(address)
    return address if parsed is None else str(parsed)


def strip_port(text: str) -> str:
    """Some proxies write `203.0.113.9:4711` or `[2001:db8::1]:4711`."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, colon, port = text.rpartition(":")
    return host if colon and ":" not in host and port.isdecimal() else text


def is_trusted(text: str) -> bool:
    """Whether an address is one of our own proxies'."""
    parsed = _parse(text)
    return parsed is not None and any(
        parsed in ip_network(proxy, strict=False) for proxy in settings.TRUSTED_PROXIES
    )


def find_household(text: str) -> str:
    """What is counted as one: an IPv4 address, or the /64 that an IPv6 one is in."""
    parsed = _parse(text)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, HOUSEHOLD), strict=False))
    return text if parsed is None else str(parsed)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


@dataclass(frozen=True)
class Rate:
    """For each household and subject `most` at once, then one each `seconds / most`."""

    name: str
    most: int
    seconds: int

    def allows(self, request: HttpRequest, subject: str = "") -> bool:
        """Count this one; False if it is one too many."""
        return TokenBucket.take(
            self._key(request, subject),
            most=self.most,
            seconds=self.seconds,
            now=timezone.now(),
        )

    def would_allow(self, request: HttpRequest, subject: str = "") -> bool:
        """The same without counting."""
        return TokenBucket.has_one(
            self._key(request, subject),
            most=self.most,
            seconds=self.seconds,
            now=timezone.now(),
        )

    def _key(self, request: HttpRequest, subject: str) -> str:
        who = f"{find_household(find_address(request))}|{subject}"
        return f"{self.name}:{hashlib.sha256(who.encode()).hexdigest()}"
