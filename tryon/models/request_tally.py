"""How many requests were made in an hour, of those that the ledger no longer has."""

from django.db import models


class RequestTally(models.Model):
    """Written with the deletion of the requests that it counts; for statistics."""

    hour = models.DateTimeField()
    kind = models.CharField(max_length=6)
    outcome = models.CharField(max_length=14)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["hour", "kind", "outcome"], name="request_tally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}: {self.count} × {self.kind} {self.outcome}"
