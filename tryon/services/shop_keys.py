"""Keys of the shop's REST API: made, shown once, looked up, revoked."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from ..models.shop_keys import PREFIX, Scope, ShopKey, hash_secret

FORM = re.compile(r"fr_[A-Za-z0-9_-]{43}")
MINUTE = 60


class KeyRefused(Exception):
    """This key opens nothing; `code` says why: wrong_key, revoked_key, expired_key."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


class TooFast(Exception):
    """More requests came with this key than `TRYON_API_RATE` allows; `pace` says when
    there is room again."""

    def __init__(self, pace: "Pace"):
        super().__init__()
        self.pace = pace


@dataclass(frozen=True)
class Pace:
    """What a key has left: `remaining` requests, all of `limit` in `full_in` seconds.

    `next_in`: seconds until there is one, if there is none.
    """

    limit: int
    remaining: int
    full_in: float
    next_in: float = 0

    @classmethod
    def of(cls, key: ShopKey, now: datetime) -> "Pace":
        limit = settings.TRYON_API_RATE
        full_in = max(key.full_at - now.timestamp(), 0)
        token = MINUTE / limit
        remaining = max(int((MINUTE - full_in) / token), 0)
        return cls(limit, remaining, full_in, max(full_in + token - MINUTE, 0))


def create_shop_key(
    *,
    label: str,
    now: datetime,
    scopes: Iterable[str] = Scope.values,
    expires_at: datetime | None = None,
) -> tuple[ShopKey, str]:
    """The row and the secret, which nobody can show again: `fr_` and 43 characters."""
    secret = f"fr_{secrets.token_urlsafe(32)}"
    key = ShopKey.objects.create(
        label=label,
        prefix=secret[:PREFIX],
        digest=hash_secret(secret),
        scopes=sorted(scopes),
        created_at=now,
        expires_at=expires_at,
    )
    return key, secret


def use_shop_key(secret: str, now: datetime) -> tuple[ShopKey, Pace]:
    """Whose key that is; the request counts. Raises `KeyRefused`, `TooFast`.

    One query, and one more for a request that is refused.
    """
    if not FORM.fullmatch(secret):
        raise KeyRefused("wrong_key")
    rows = ShopKey.objects.filter(digest=hash_secret(secret))
    key = rows.use(most=settings.TRYON_API_RATE, now=now)
    if key is not None:
        return key, Pace.of(key, now)
    refused = rows.first()
    if refused is None:
        raise KeyRefused("wrong_key")
    if refused.revoked_at is not None:
        raise KeyRefused("revoked_key")
    if refused.is_expired(now):
        raise KeyRefused("expired_key")
    raise TooFast(Pace.of(refused, now))


def revoke_shop_key(*, key: ShopKey, now: datetime) -> None:
    """From now on it opens nothing. The row stays: receipts and consents name it."""
    ShopKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
