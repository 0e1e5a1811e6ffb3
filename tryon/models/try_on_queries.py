"""What is asked of try-ons, and what is done to many at once."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Case, F, Q, Value, When

from .states import (
    IN_FLIGHT,
    UNDER_WAY,
    ReviewState,
    Status,
    columns_of_move,
)
from .try_on_event import TryOnEvent
from .uploads import Garment, Photo

if TYPE_CHECKING:
    from .accounts import User
    from .try_on import TryOn  # noqa: F401  (in a string below)


def is_due(now: datetime) -> Q:
    """Not put off beyond `now`."""
    return Q(next_attempt_at=None) | Q(next_attempt_at__lte=now)


class TryOnQuerySet(models.QuerySet["TryOn"]):
    def existing(self) -> Self:
        return self.filter(deleted_at=None)

    def visible_to(self, owner: "User | None") -> Self:
        return self.existing().filter(owner=owner) if owner else self.none()

    def in_status(self, statuses: Iterable[str]) -> Self:
        return self.filter(status__in=statuses)

    def queued(self) -> Self:
        return self.existing().filter(status=Status.QUEUED)

    def due(self, now: datetime) -> Self:
        return self.filter(is_due(now))

    def in_flight(self) -> Self:
        return self.existing().in_status(IN_FLIGHT)

    def under_way(self) -> Self:
        return self.existing().in_status(UNDER_WAY)

    def with_pictures(self) -> Self:
        return self.select_related("photo", "garment", "bottom_garment", "result")

    def recent(self) -> Self:
        return self.order_by("-created_at", "-id")

    def same_as(
        self, photo: Photo, garment: Garment, bottom_garment: Garment | None
    ) -> Self:
        """Those that show, or will show, the same: not paid for again.

        What was asked for before a piece got another picture shows the old one.
        """
        pieces = [piece for piece in (garment, bottom_garment) if piece is not None]
        changed = [at for piece in pieces if (at := piece.picture_changed_at)]
        rows = self.filter(created_at__gt=max(changed)) if changed else self
        return (
            rows.existing()
            .filter(photo=photo, garment=garment, bottom_garment=bottom_garment)
            .exclude(status__in=(Status.FAILED, Status.CANCELED))
            .exclude(result__review_state=ReviewState.HIDDEN)
        )

    def lock_claimable(self, pks: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
        """The states of those that a request may be reserved for, until the
        transaction ends. A row that somebody else has locked is being moved."""
        # By key alone: of the states the planner of PostgreSQL may know nothing yet.
        rows = (
            self.filter(pk__in=list(pks))
            .order_by("pk")
            .values_list("pk", "status", "claim", "deleted_at")
        )
        return {
            pk: status
            for pk, status, claim, deleted_at in rows.select_for_update(
                skip_locked=True
            )
            if claim is None and deleted_at is None
        }

    def claim_locked(
        self, tokens: Mapping[uuid.UUID, uuid.UUID], until: datetime
    ) -> None:
        """Each row by its token; the caller has locked them."""
        if tokens:
            rows = self.filter(pk__in=list(tokens)).order_by()
            rows.update(claim=_each(tokens), lease_until=until)

    def begin_submits(
        self,
        tokens: Mapping[uuid.UUID, uuid.UUID],
        *,
        key_id: int,
        now: datetime,
        until: datetime,
    ) -> None:
        """Move queued rows to submitting, each claimed by its token.

        What `TryOn.move` does, for rows that the caller has locked, in two statements
        however many they are.
        """
        changes = {
            "claim": _each(tokens),
            "lease_until": until,
            "key_id": key_id,
            "attempts": F("attempts"),  # a failed attempt is not forgotten by the next
        }
        from_status, to = Status.QUEUED, Status.SUBMITTING
        columns = columns_of_move(from_status, to, now, changes)
        self.filter(pk__in=list(tokens)).order_by().update(**columns)
        TryOnEvent.objects.bulk_create(
            TryOnEvent(try_on_id=pk, from_status=from_status, to_status=to, at=now)
            for pk in tokens
        )

    def tombstones(self, now: datetime) -> Self:
        """Deleted ones that no limit and no request on its way needs any more."""
        return self.filter(
            deleted_at__lt=now - timedelta(days=1),
            created_at__lt=now - timedelta(days=1),
        )

    def counted(self, now: datetime) -> Self:
        """Those that count against limits: of the last 24 hours, deleted ones too."""
        return self.filter(
            counts_against_limit=True, created_at__gt=now - timedelta(days=1)
        )


def _each(values: Mapping[uuid.UUID, uuid.UUID]) -> Case:
    """To set in many rows at once: for each key the value of its own."""
    whens = [When(pk=pk, then=Value(value)) for pk, value in values.items()]
    return Case(*whens, output_field=models.UUIDField())
