"""Who calls: a shop key in `Authorization: Bearer fr_…`, and what it may do."""

import math
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja.security.base import AuthBase

from ..models import Scope, ShopKey
from ..services import shop_keys
from ..services.shop_keys import Pace
from .problems import Problem
from .reading import refuse_unknown

ACCEPTED = {
    *("application/json", "application/problem+json", "application/*"),
    *("image/jpeg", "image/*", "*/*"),
}


class ApiRequest(HttpRequest):
    """What `Bearer` makes of a request."""

    auth: ShopKey
    pace: Pace


class Bearer(AuthBase):
    """A key that is valid and has `scope`; without one any key will do.

    Counts the request against the key's pace, whatever becomes of it.
    """

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, scope: Scope | None = None):
        self.scope = scope
        super().__init__()

    def __call__(self, request: HttpRequest) -> ShopKey:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise Problem("no_key")
        try:
            key, pace = shop_keys.use_shop_key(secret.strip(), timezone.now())
        except shop_keys.KeyRefused as refused:
            raise Problem(refused.code) from None
        except shop_keys.TooFast as too_fast:
            pace = too_fast.pace
            request.pace = pace  # type: ignore[attr-defined]
            wait = str(max(math.ceil(pace.next_in), 1))
            raise Problem("too_fast", headers={"Retry-After": wait}) from None
        request.pace = pace  # type: ignore[attr-defined]
        if self.scope is not None and self.scope not in key.scopes:
            detail = f"This needs the scope “{self.scope}”."
            raise Problem("missing_scope", detail)
        if not _accepts_ours(request):
            raise Problem("not_acceptable")
        if request.method != "GET":
            refuse_unknown(request.GET, ())
        return key


def _accepts_ours(request: HttpRequest) -> bool:
    """Whatever its parameters: there is one JSON, and clients name its charset."""
    if not request.headers.get("Accept", "").strip():
        return True
    kinds = (f"{kind.main_type}/{kind.sub_type}" for kind in request.accepted_types)
    return not ACCEPTED.isdisjoint(kinds)


def describe_pace(request: Any) -> dict[str, str]:
    """RateLimit headers, of a request that came with a key."""
    pace: Pace | None = getattr(request, "pace", None)
    if pace is None:
        return {}
    left = f'"default";r={pace.remaining};t={math.ceil(pace.full_in)}'
    policy = f'"default";q={pace.limit};w={shop_keys.MINUTE}'
    return {"RateLimit-Policy": policy, "RateLimit": left}
