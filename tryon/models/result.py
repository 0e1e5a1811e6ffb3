"""The picture that a completed try-on produced, and what reviewers said of it."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..pictures import storage
from .states import ReviewState
from .uploads import Picture

if TYPE_CHECKING:
    from ..pictures.comparison import Changes
    from .accounts import User


class Priority(models.IntegerChoices):
    """Which results reviewers see first."""

    NONE = 0, _("None")
    CHECK = 1, _("The result check found something")
    REPORTED = 2, _("Reported by the customer")


class HideReason(models.TextChoices):
    """Why a result was taken down; the customer reads the sentence of it."""

    CLOTHES = "clothes", _("The clothes do not match")
    BODY = "body", _("The body looks wrong")
    SOMEONE_ELSE = "someone_else", _("Someone else is in it")
    UNSUITABLE = "unsuitable", _("It is not suitable")
    MADE_AGAIN = "made_again", _("It is made again")


class ResultQuerySet(models.QuerySet["Result"]):
    def visible_to(self, owner: "User | None") -> "ResultQuerySet":
        if owner is None:
            return self.none()
        return self.released().filter(try_on__owner=owner, try_on__deleted_at=None)

    def released(self) -> "ResultQuerySet":
        """Not taken down, and looked at where the shop looks at each one first."""
        if settings.TRYON_REVIEW == "all":
            return self.filter(review_state=ReviewState.APPROVED)
        rows = self.exclude(review_state=ReviewState.HIDDEN)
        if settings.TRYON_REVIEW == "flagged":
            # Renditions are made last, also of one that cannot be compared any more.
            compared = Q(changed_outside__isnull=False) | Q(renditions_at__isnull=False)
            sound = Q(compared, checks__isnull=True)
            rows = rows.filter(Q(review_state=ReviewState.APPROVED) | sound)
        return rows

    def pending(self) -> "ResultQuerySet":
        """What waits for a reviewer, the most urgent first."""
        rows = self.filter(review_state=ReviewState.UNREVIEWED, try_on__deleted_at=None)
        if settings.TRYON_REVIEW != "all":
            rows = rows.filter(priority__gte=Priority.CHECK)
        return rows.order_by("-priority", "created_at", "id")


class Result(Picture):
    """In our own storage before its try-on counts as completed."""

    try_on = models.OneToOneField("tryon.TryOn", models.CASCADE, related_name="result")
    review_state = models.CharField(
        max_length=10, choices=ReviewState, default=ReviewState.UNREVIEWED
    )
    changed_outside = models.FloatField(
        _("changed outside the clothes"), null=True, blank=True, editable=False
    )
    # What the result check found wrong: a list of codes, or null.
    checks = models.JSONField(null=True, blank=True, editable=False)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.NONE)
    hide_reason = models.CharField(max_length=12, choices=HideReason, blank=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="claimed_results",
    )
    claimed_until = models.DateTimeField(null=True, blank=True)
    flagged_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    media_kind = "result"
    objects = ResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("result")
        verbose_name_plural = _("results")
        indexes = [
            models.Index(
                "review_state",
                models.F("priority").desc(),
                "created_at",
                name="result_review_queue",
            ),
            models.Index(fields=["claimed_until"], name="result_claims"),
        ]
        permissions = [("review_result", _("Can review results"))]

    def __str__(self) -> str:
        return f"result of {self.try_on_id}"

    @property
    def changes_name(self) -> str:
        """The file that shows in colour what changed; there once it was compared."""
        return f"{self.stem}-changed.webp"

    @property
    def changes_url(self) -> str:
        return (
            storage.build_url(self.changes_name)
            if self.changed_outside is not None
            else ""
        )

    @property
    def file_names(self) -> list[str]:
        return [*super().file_names, self.changes_name]

    @property
    def is_released(self) -> bool:
        if settings.TRYON_REVIEW == "all":
            return self.review_state == ReviewState.APPROVED
        if settings.TRYON_REVIEW == "flagged" and not self.is_sound:
            return self.review_state == ReviewState.APPROVED
        return not self.is_hidden

    @property
    def is_hidden(self) -> bool:
        return self.review_state == ReviewState.HIDDEN

    @property
    def is_sound(self) -> bool:
        """It was compared with the photo, and nothing was found wrong."""
        compared = self.changed_outside is not None or self.renditions_at is not None
        return compared and self.checks is None

    def take_changes(self, changes: "Changes", now: datetime) -> None:
        """What the comparison found; the caller saves."""
        self.changed_outside = changes.outside
        if changes.suspicions():
            self.checks, self.flagged_at = changes.suspicions(), now
            self.priority = max(self.priority, Priority.CHECK)


class Decision(models.TextChoices):
    APPROVE = "approve", _("Approved")
    HIDE = "hide", _("Hidden")
    UNDO = "undo", _("Undone")


class ReviewDecision(models.Model):
    """Who decided what about a result, and when; never changed afterwards."""

    result = models.ForeignKey(Result, models.CASCADE, related_name="decisions")
    decision = models.CharField(max_length=10, choices=Decision)
    reason = models.CharField(max_length=20, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    at = models.DateTimeField()
    # Only what was taken is taken again when a hiding is undone.
    gave_try_back = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        verbose_name = _("review decision")
        verbose_name_plural = _("review decisions")
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["-at"], name="review_decision_at")]

    def __str__(self) -> str:
        return f"{self.get_decision_display()}"


class ReportReason(models.TextChoices):
    CLOTHES = "clothes", _("The clothes do not match")
    BODY = "body", _("My body looks wrong")
    NOT_ME = "not_me", _("It is not me")
    UNSUITABLE = "unsuitable", _("Something unsuitable")
    OTHER = "other", _("Something else")


class Report(models.Model):
    """A customer says that something is wrong with a result."""

    result = models.ForeignKey(Result, models.CASCADE, related_name="reports")
    reason = models.CharField(max_length=10, choices=ReportReason)
    text = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return str(self.get_reason_display())
