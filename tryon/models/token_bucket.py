"""How often somebody may do something, counted where all processes see it."""

from datetime import datetime
from typing import NamedTuple

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Greatest

SET_BACK = 3600  # seconds, more than two at once ever differ


def _tolerance(token: float) -> float:
    """Seconds: of many at once, one whose clock was read first may come last."""
    return min(1.0, token / 2)


class Taking(NamedTuple):
    """For an UPDATE of a row with a column `full_at`: a token is there if one row is
    changed. `may`: which rows; `full_at`: what the column becomes."""

    may: Q
    full_at: models.expressions.Combinable


def take_token(*, most: int, seconds: float, now: datetime) -> Taking:
    """Of two at once each counts.

    One that would be full long after an empty one is of a clock that was set back.
    """
    at = now.timestamp()
    token = seconds / most
    has_one = Q(full_at__lte=at + seconds - token + _tolerance(token))
    is_odd = Q(full_at__gt=at + seconds + SET_BACK)
    full_at = Case(
        When(is_odd, then=Value(at)), default=Greatest(F("full_at"), Value(at))
    )
    return Taking(has_one | is_odd, full_at + token)


class TokenBucket(models.Model):
    """One row for each who does something; a cache would cull and forget them.

    A bucket holds `most` tokens and fills up again in `seconds`. All that is kept is
    when it will be full, in seconds since the epoch: an older row can go.
    """

    key = models.CharField(max_length=100, primary_key=True)
    full_at = models.FloatField(db_index=True)

    def __str__(self) -> str:
        return self.key

    @classmethod
    def take(cls, key: str, *, most: int, seconds: float, now: datetime) -> bool:
        """Take one token; False if there is none."""
        new = TokenBucket(key=key, full_at=now.timestamp())
        TokenBucket.objects.bulk_create([new], ignore_conflicts=True)
        taking = take_token(most=most, seconds=seconds, now=now)
        taken = cls.objects.filter(taking.may, key=key)
        return bool(taken.update(full_at=taking.full_at))

    @classmethod
    def has_one(cls, key: str, *, most: int, seconds: float, now: datetime) -> bool:
        """Whether `take` would find a token; takes none."""
        at = now.timestamp()
        token = seconds / most
        late = Q(full_at__gt=at + seconds - token + _tolerance(token))
        return not cls.objects.filter(
            late, key=key, full_at__lte=at + seconds + SET_BACK
        ).exists()

    @classmethod
    def clear_full(cls, now: datetime) -> None:
        """Those full for an hour, so that none goes while somebody takes from it."""
        cls.objects.filter(full_at__lt=now.timestamp() - 3600).delete()
