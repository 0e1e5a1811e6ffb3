"""The ledger of requests to the API: rate limiter, audit log and crash record."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Self, TypedDict

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Record(TypedDict):
    """A request, as a receipt tells it and a try-on keeps it in `past_requests`."""

    kind: str
    sent_at: str | None
    answered_at: str | None
    seconds: float | None
    outcome: str | None
    http_status: int | None


class KeyState(models.TextChoices):
    WORKING = "working", _("Working")
    PAUSED = "paused", _("Paused")
    REFUSED = "refused", _("Refused")
    OUT_OF_CREDITS = "out_of_credits", _("Out of credits")


def fingerprint(secret: str) -> str:
    """What the database knows of an API key: enough to tell two apart."""
    return hashlib.sha256(secret.encode()).hexdigest()[:12]


class KeyQuerySet(models.QuerySet["Key"]):
    def configured(self) -> Self:
        """Those in the settings; rows of earlier ones stay for their jobs' story."""
        known = [fingerprint(secret) for secret in settings.MIRAGIC_API_KEYS]
        return self.filter(fingerprint__in=known)


class Key(models.Model):
    """One API key, known by its fingerprint; the secret stays in the settings.

    The row is the lock under which requests are reserved.
    """

    fingerprint = models.CharField(max_length=12, unique=True)
    state = models.CharField(max_length=14, choices=KeyState, default=KeyState.WORKING)
    reason = models.TextField(blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    strict_until = models.DateTimeField(null=True, blank=True)
    submits_paused_until = models.DateTimeField(null=True, blank=True)
    submit_failures = models.PositiveIntegerField(default=0)
    told_at = models.DateTimeField(null=True, blank=True)  # staff, of its stop
    bucket_level = models.FloatField(default=0)
    bucket_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = KeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"key {self.fingerprint}"

    def is_open(self, now: datetime) -> bool:
        """May poll. One that is paused or out of credits still brings home what is
        paid for."""
        return self.state != KeyState.REFUSED and not (
            self.paused_until and self.paused_until > now
        )

    def may_submit(self, now: datetime) -> bool:
        return self.state == KeyState.WORKING and not (
            self.submits_paused_until and self.submits_paused_until > now
        )


class Outcome(models.TextChoices):
    """What became of a request."""

    ACCEPTED = "accepted", _("Accepted")
    RUNNING = "running", _("Still running")
    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Failed")
    NOT_ARRIVED = "not_arrived", _("Not arrived")
    UNCLEAR = "unclear", _("May have arrived")
    REFUSED = "refused", _("Refused")
    RATE_LIMITED = "rate_limited", _("Too many requests")
    KEY_REFUSED = "key_refused", _("Key refused")
    OUT_OF_CREDITS = "out_of_credits", _("Out of credits")
    LOST = "lost", _("No answer recorded")
    VOID = "void", _("Not sent")


class ApiRequestQuerySet(models.QuerySet["ApiRequest"]):
    """The table is long: each question begins with what an index knows."""

    def open(self) -> Self:
        """Reserved or on their way."""
        return self.filter(outcome="")

    def unsent(self) -> Self:
        return self.open().filter(sent_at=None)

    def unanswered(self) -> Self:
        return self.open().filter(sent_at__isnull=False)

    def answered_since(self, since: datetime, keys: Iterable[int]) -> Self:
        """Of these keys alone: the index begins with the key."""
        return self.filter(key__in=list(keys), answered_at__gt=since)


class ApiRequest(models.Model):
    """One request to the API in three phases: reserved, sent, answered."""

    class Kind(models.TextChoices):
        SUBMIT = "submit", _("Submit")
        POLL = "poll", _("Poll")

    key = models.ForeignKey(Key, models.PROTECT, related_name="requests")
    try_on = models.ForeignKey(
        "tryon.TryOn", models.SET_NULL, null=True, related_name="api_requests"
    )
    kind = models.CharField(max_length=6, choices=Kind)
    token = models.UUIDField()
    planned_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=14, choices=Outcome, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    detail = models.TextField(blank=True)

    objects = ApiRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("API request")
        verbose_name_plural = _("API requests")
        constraints = [
            models.CheckConstraint(
                name="api_request_answered_after_sent",
                condition=Q(answered_at=None) | Q(sent_at__isnull=False),
            ),
            models.CheckConstraint(
                name="api_request_outcome_when_over",
                condition=Q(outcome="", answered_at=None)
                | Q(outcome="void", answered_at=None, sent_at=None)
                | (~Q(outcome="") & ~Q(outcome="void") & Q(answered_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["key", "answered_at"], name="api_request_slots"),
            # Not only of the open ones: SQLite cannot tell that a parameter is one.
            models.Index(fields=["outcome", "planned_at"], name="api_request_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.planned_at:%H:%M:%S}"

    @property
    def seconds(self) -> float | None:
        if self.sent_at is None or self.answered_at is None:
            return None
        return (self.answered_at - self.sent_at) / timedelta(seconds=1)

    def as_record(self) -> Record:
        """What a receipt says of it; every value can be written as JSON."""
        return {
            "kind": self.kind,
            "sent_at": _iso(self.sent_at),
            "answered_at": _iso(self.answered_at),
            "seconds": self.seconds,
            "outcome": self.outcome or None,
            "http_status": self.http_status,
        }


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at is not None else None


class Planner(models.Model):
    """The one row under which a planning pass runs, and when the last one did."""

    last_tick_at = models.DateTimeField(null=True, blank=True)
    submits_paused_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return "planner"

    @classmethod
    def lock(cls) -> "Planner":
        """One planning pass at a time; two would be harmless but wasteful."""
        planner, _created = cls.objects.select_for_update().get_or_create(pk=1)
        return planner
