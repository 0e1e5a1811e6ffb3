"""How often somebody may do something, counted where all processes see it."""

from datetime import datetime

from django.db import models
from django.db.models import F
from django.db.models.functions import Greatest


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
        """Take one token; False if there is none. Of two at once each counts."""
        at = now.timestamp()
        token = seconds / most
        new = TokenBucket(key=key, full_at=at)
        TokenBucket.objects.bulk_create([new], ignore_conflicts=True)
        with_a_token = cls.objects.filter(key=key, full_at__lte=at + seconds - token)
        return bool(with_a_token.update(full_at=Greatest(F("full_at"), at) + token))

    @classmethod
    def clear_full(cls, now: datetime) -> None:
        """Those full for an hour, so that none goes while somebody takes from it."""
        cls.objects.filter(full_at__lt=now.timestamp() - 3600).delete()
