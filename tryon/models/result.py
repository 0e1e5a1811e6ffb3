"""The picture that a completed try-on produced, and what reviewers said of it."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .uploads import Picture

if TYPE_CHECKING:
    from .accounts import User


class ReviewState(models.TextChoices):
    UNREVIEWED = "unreviewed", _("Not looked at")
    APPROVED = "approved", _("Approved")
    HIDDEN = "hidden", _("Hidden")


class ResultQuerySet(models.QuerySet["Result"]):
    def visible_to(self, owner: "User | None") -> "ResultQuerySet":
        if owner is None:
            return self.none()
        return self.released().filter(try_on__owner=owner, try_on__deleted_at=None)

    def released(self) -> "ResultQuerySet":
        """Not taken down, and looked at where the shop looks at each one first."""
        if settings.TRYON_REVIEW == "all":
            return self.filter(review_state=ReviewState.APPROVED)
        return self.exclude(review_state=ReviewState.HIDDEN)


class Result(Picture):
    """In our own storage before its try-on counts as completed."""

    try_on = models.OneToOneField("tryon.TryOn", models.CASCADE, related_name="result")
    review_state = models.CharField(
        max_length=10, choices=ReviewState, default=ReviewState.UNREVIEWED
    )
    flagged_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    media_kind = "result"
    objects = ResultQuerySet.as_manager()

    class Meta:
        verbose_name = _("result")
        verbose_name_plural = _("results")
        indexes = [
            models.Index(
                "flagged_at",
                "created_at",
                name="result_awaiting_review",
                condition=Q(review_state="unreviewed"),
            )
        ]

    def __str__(self) -> str:
        return f"result of {self.try_on_id}"

    @property
    def is_released(self) -> bool:
        if settings.TRYON_REVIEW == "all":
            return self.review_state == ReviewState.APPROVED
        return self.review_state != ReviewState.HIDDEN


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

    class Meta:
        verbose_name = _("review decision")
        verbose_name_plural = _("review decisions")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.get_decision_display()}"
