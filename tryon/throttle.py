"""How often one address may do something; counted in the shared cache."""

import hashlib
from dataclasses import dataclass

from django.core.cache import cache
from django.http import HttpRequest


@dataclass(frozen=True)
class Rate:
    """At most `most` in `seconds`, for each address and subject."""

    name: str
    most: int
    seconds: int

    def allows(self, request: HttpRequest, subject: str = "") -> bool:
        """Count this one; False if it is one too many."""
        who = f"{request.META.get('REMOTE_ADDR', '')}|{subject}"
        key = f"rate:{self.name}:{hashlib.sha256(who.encode()).hexdigest()}"
        if cache.add(key, 1, self.seconds):
            return True
        try:
            return cache.incr(key) <= self.most
        except ValueError:  # it ran out in between
            return True
