"""The try-on: one request to see a photo in one garment, or in a top and a bottom."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .embed import EmbedCount, EmbedStep
from .states import (
    FINAL,
    UNDER_WAY,
    FailureCode,
    Source,
    StaleMove,
    Status,
    columns_of_move,
)
from .try_on_event import TryOnEvent
from .try_on_queries import TryOnQuerySet
from .uploads import Garment, Photo
from .webhooks import EventType, record_try_on_event

if TYPE_CHECKING:
    from .accounts import User
    from .result import Result

# What the shop's programs may wish to hear of.
TOLD: dict[str, EventType] = {
    Status.COMPLETED: EventType.TRY_ON_COMPLETED,
    Status.FAILED: EventType.TRY_ON_FAILED,
    Status.CANCELED: EventType.TRY_ON_CANCELED,
    Status.UNCONFIRMED: EventType.TRY_ON_UNCONFIRMED,
}


class TryOn(models.Model):
    """The job. Every change of `status` goes through `move`."""

    class Mode(models.TextChoices):
        SINGLE = "single", _("One garment")
        COMBO = "combo", _("Top and bottom")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="try_ons",
        db_index=False,  # other indexes begin with it
    )
    photo = models.ForeignKey(Photo, models.SET_NULL, null=True, related_name="try_ons")
    garment = models.ForeignKey(
        Garment, models.SET_NULL, null=True, related_name="try_ons"
    )
    bottom_garment = models.ForeignKey(
        Garment, models.SET_NULL, null=True, blank=True, related_name="bottom_try_ons"
    )
    mode = models.CharField(max_length=6, choices=Mode)
    garment_kind = models.CharField(max_length=10, blank=True)
    status = models.CharField(max_length=11, choices=Status, default=Status.QUEUED)
    token = models.UUIDField(default=uuid.uuid4, editable=False)
    source = models.CharField(
        max_length=5, choices=Source, default=Source.PAGES, db_default=Source.PAGES
    )
    shop_key = models.ForeignKey(
        "tryon.ShopKey",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    # The shop's page that showed us in a frame, as far as it was told.
    origin = models.CharField(max_length=255, blank=True, default="", db_default="")
    retry_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True)
    counts_against_limit = models.BooleanField(default=True)

    created_at = models.DateTimeField(_("created"))
    submitted_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    # Decided when it is completed; `told_at` once the letter was handed over.
    letter_due = models.BooleanField(default=False, db_default=False, editable=False)
    told_at = models.DateTimeField(null=True, blank=True)  # by e-mail
    favourite_at = models.DateTimeField(null=True, blank=True)

    key = models.ForeignKey("tryon.Key", models.PROTECT, null=True, blank=True)
    remote_id = models.CharField(max_length=200, blank=True)
    result_url = models.TextField(blank=True)
    raw_answer = models.JSONField(null=True, blank=True)
    # Records of requests that the ledger no longer has, for the receipt.
    past_requests = models.JSONField(null=True, blank=True, editable=False)
    duration_seconds = models.FloatField(null=True, blank=True)
    failure_code = models.CharField(max_length=20, choices=FailureCode, blank=True)
    failure_detail = models.TextField(blank=True)

    last_polled_at = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    claim = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    objects = TryOnQuerySet.as_manager()

    result: "Result"
    progress: Any  # `presentation.progress.Progress`, where shown
    place = 0  # in line, where `progress.add_places` has set it

    class Meta:
        verbose_name = _("try-on")
        verbose_name_plural = _("try-ons")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "token"], name="try_on_token_once_per_owner"
            ),
            models.CheckConstraint(
                name="try_on_single_has_no_bottom",
                condition=Q(mode="combo") | Q(bottom_garment=None),
            ),
            models.CheckConstraint(
                name="try_on_open_has_its_pictures",
                condition=Q(status__in=["completed", "failed", "canceled"])
                | Q(deleted_at__isnull=False)
                | Q(mode="single", photo__isnull=False, garment__isnull=False)
                | Q(
                    mode="combo",
                    photo__isnull=False,
                    garment__isnull=False,
                    bottom_garment__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="try_on_kind_fits_mode",
                condition=Q(mode="combo", garment_kind="")
                | Q(
                    mode="single",
                    garment_kind__in=["upper_body", "lower_body", "full_body"],
                ),
            ),
            models.CheckConstraint(
                name="try_on_remote_id_where_it_must_be",
                condition=~Q(status__in=["processing", "fetching", "completed"])
                | (~Q(remote_id="") & Q(submitted_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="try_on_finished_when_final",
                condition=Q(
                    status__in=["completed", "failed", "canceled"],
                    finished_at__isnull=False,
                )
                | (
                    ~Q(status__in=["completed", "failed", "canceled"])
                    & Q(finished_at=None)
                ),
            ),
            models.CheckConstraint(
                name="try_on_failure_has_a_code",
                condition=(Q(status="failed") & ~Q(failure_code=""))
                | (~Q(status="failed") & Q(failure_code="")),
            ),
            models.CheckConstraint(
                name="try_on_claim_and_lease_together",
                condition=Q(claim=None, lease_until=None)
                | Q(claim__isnull=False, lease_until__isnull=False),
            ),
        ]
        indexes = [
            # The gallery's pages, and an owner's rows in the last 24 hours.
            models.Index(fields=["owner", "-created_at", "-id"], name="try_on_gallery"),
            models.Index(
                fields=["owner", "-created_at", "-id"],
                name="try_on_favourites",
                condition=Q(favourite_at__isnull=False, deleted_at=None),
            ),
            models.Index(
                fields=["owner", "created_at", "id"],
                name="try_on_queue",
                condition=Q(status="queued", deleted_at=None),
            ),
            # Not only of the open ones: SQLite cannot tell that a parameter is one.
            models.Index(fields=["status", "created_at"], name="try_on_status"),
            models.Index(fields=["owner", "status"], name="try_on_owner_status"),
            models.Index(
                fields=["-answered_at"],
                name="try_on_known_durations",
                condition=Q(duration_seconds__isnull=False),
            ),
            # What ended so lately, and what was deleted lately.
            models.Index(fields=["status", "finished_at"], name="try_on_finished"),
            models.Index(
                fields=["deleted_at"],
                name="try_on_tombstones",
                condition=Q(deleted_at__isnull=False),
            ),
            models.Index(
                fields=["created_at"],
                name="try_on_letters",
                condition=Q(letter_due=True),
            ),
            # To count all of a state, to see whose they are and to line them up,
            # without reading their rows.
            models.Index(
                fields=["status", "owner", "created_at", "id", "next_attempt_at"],
                name="try_on_existing",
                condition=Q(deleted_at=None),
            ),
            # The staff's list, and what was made in a period; found by the API's id.
            models.Index(fields=["-created_at", "-id"], name="try_on_newest"),
            models.Index(fields=["remote_id"], name="try_on_remote"),
            models.Index(
                fields=["created_at"],
                name="try_on_counted",
                condition=Q(counts_against_limit=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id}"

    @property
    def label(self) -> str:
        """What the customer calls it: the garments' names, as they are written."""
        names = [g.label for g in (self.garment, self.bottom_garment) if g is not None]
        if not names:
            return gettext("Picture")
        if len(names) == 1:
            return names[0]
        top, bottom = names
        return gettext("%(top)s and %(bottom)s") % {"top": top, "bottom": bottom}

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def is_under_way(self) -> bool:
        return self.status in UNDER_WAY

    @property
    def visible_result(self) -> "Result | None":
        """The picture if there is one that its owner may see."""
        result: Result | None = getattr(self, "result", None)
        return result if result is not None and result.is_released else None

    def move(
        self,
        to: str,
        *,
        now: datetime,
        by: "User | None" = None,
        note: str = "",
        only_if: Q | None = None,
        **changes: object,
    ) -> None:
        """Change the state by compare-and-set on the state this object has.

        Writes the event row too. `only_if` narrows the row further; `changes` are
        other columns to set with it.

        Raises `InvalidMove` if there is no such way, `StaleMove` if the row is not
        (any longer) as expected; then nothing was changed.
        """
        from_status = self.status
        columns = columns_of_move(from_status, to, now, changes)
        rows = TryOn.objects.filter(pk=self.pk, status=from_status)
        with transaction.atomic(savepoint=False):
            moved = rows.filter(only_if or Q()).update(**columns)
            if moved:
                TryOnEvent.objects.create(
                    try_on=self,
                    from_status=from_status,
                    to_status=to,
                    by=by,
                    at=now,
                    note=note,
                )
                if to in TOLD:
                    record_try_on_event(TOLD[to], self, to, now)
                if to == Status.COMPLETED:
                    self.count_step(EmbedStep.READY, now)
        if not moved:
            raise StaleMove(f"{self.pk}: no longer {from_status}")
        for name, value in columns.items():
            setattr(self, name, value)

    def count_step(self, step: EmbedStep, now: datetime) -> None:
        """For the shop's insight, if it was asked for on a product page."""
        if self.source == Source.EMBED:
            sku = self.garment.sku if self.garment is not None else ""
            EmbedCount.add(step, origin=self.origin, sku=sku, now=now)

    def release(self) -> None:
        """Give the claim back: whoever plans next may take it."""
        TryOn.objects.filter(pk=self.pk, claim=self.claim).update(
            claim=None, lease_until=None
        )

    def put_off(self, seconds: float, now: datetime, *, counts: int = 1) -> None:
        """Give the claim back and try again no sooner than in `seconds`.

        `counts`: how many attempts it is to be counted as.
        """
        TryOn.objects.filter(pk=self.pk, claim=self.claim).update(
            claim=None,
            lease_until=None,
            attempts=F("attempts") + counts,
            next_attempt_at=now + timedelta(seconds=seconds),
        )

    def renew_lease(self, until: datetime) -> bool:
        """False if the claim is somebody else's by now."""
        mine = TryOn.objects.filter(pk=self.pk, claim=self.claim)
        return bool(mine.update(lease_until=until))

    def begin_attempt(self, until: datetime) -> bool:
        """Counted before the work, so that one which kills its worker counts too."""
        mine = TryOn.objects.filter(pk=self.pk, claim=self.claim)
        begun = mine.update(lease_until=until, attempts=F("attempts") + 1)
        self.attempts += 1
        return bool(begun)
