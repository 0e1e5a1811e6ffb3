"""People: customers, guests (users without e-mail) and staff."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
)
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from . import typed_text

GUEST_LIFETIME = timedelta(days=1)
FIRST_REQUESTS = timedelta(seconds=30)
UNLIMITED = 1_000_000_000


class OwnerGone(Exception):
    """They were deleted, or the guest signed in elsewhere, while this was asked."""


class UserQuerySet(models.QuerySet["User"]):
    def guests(self) -> "UserQuerySet":
        return self.filter(email=None, external_id=None)

    def of_the_api(self) -> "UserQuerySet":
        """The shop's own user, and customers that its programs have named."""
        return self.filter(external_id__isnull=False)

    def expired_guests(self, now: datetime) -> "UserQuerySet":
        return self.filter(guest_expires_at__lte=now)  # only guests have it


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(
        self, email: str, password: str | None = None, **fields: object
    ) -> "User":
        """An account with e-mail log-in; without password it cannot log in."""
        user: User = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, email: str, password: str | None = None, **fields: object
    ) -> "User":
        return self.create_user(
            email, password, **{"is_staff": True, "is_superuser": True, **fields}
        )

    def get_or_create_guest(self, browser: str, now: datetime) -> "User":
        """The guest of a browser's first requests; `browser`: its CSRF secret, hashed.

        Only two first requests at once (a double click) find the same row: later the
        session alone says who a guest is, for that secret is no log-in.
        """
        earlier = self.filter(guest_browser=browser)
        earlier.filter(
            guest_expires_at__lt=now + GUEST_LIFETIME - FIRST_REQUESTS
        ).update(guest_browser=None)
        guest: User
        guest, _created = self.get_or_create(
            guest_browser=browser,
            defaults={
                "password": "!",
                "guest_expires_at": now + GUEST_LIFETIME,
            },
        )
        return guest

    def lock(self, *people: "User") -> list["User"]:
        """These rows until the transaction ends, in one order for everybody.

        Whoever adds something to a person locks them first: nobody is deleted, or
        becomes another, while it is added. Raises `OwnerGone`.
        """
        wanted = {person.pk for person in people}
        rows = self.select_for_update().filter(pk__in=wanted).order_by("pk")
        locked = {row.pk: row for row in rows}
        if locked.keys() != wanted:
            raise OwnerGone
        return [locked[person.pk] for person in people]

    def get_by_natural_key(self, email: str | None) -> "User":
        user: User = self.get(email=email.lower() if email else None)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """Owner of photos, garments and try-ons.

    A guest has no e-mail; nor has a customer whom the shop's own programs name, by
    `external_id`, nor the shop itself, whose `external_id` is empty.
    """

    email = models.EmailField(
        _("e-mail"),
        null=True,
        blank=True,
        unique=True,
        error_messages={"unique": _("There is an account with this e-mail.")},
    )
    guest_browser = models.CharField(
        max_length=64, null=True, blank=True, unique=True, editable=False
    )
    guest_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    external_id = models.CharField(
        _("customer of the API"),
        max_length=128,
        null=True,
        blank=True,
        unique=True,
        editable=False,
    )
    daily_limit = models.PositiveIntegerField(
        _("tries a day"),
        null=True,
        blank=True,
        help_text=_("Empty: the shop's usual limit."),
    )
    blocked_at = models.DateTimeField(_("blocked since"), null=True, blank=True)
    favourite_garments = models.ManyToManyField(
        "tryon.Garment", related_name="fans", blank=True, editable=False
    )
    tell_when_done = models.BooleanField(
        _("e-mail when a long one is done"), default=False
    )
    # Of the page that was read last: letters are written when nobody is there.
    language = models.CharField(
        max_length=10, blank=True, default="", db_default="", editable=False
    )
    is_staff = models.BooleanField(_("staff"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.CheckConstraint(
                name="user_is_guest_or_has_email",
                condition=Q(
                    email=None, external_id=None, guest_expires_at__isnull=False
                )
                | Q(email__isnull=False, external_id=None, guest_expires_at=None)
                | Q(email=None, external_id__isnull=False, guest_expires_at=None),
            ),
        ]
        indexes = [
            models.Index(
                "guest_expires_at",
                name="user_guest_expires",
                condition=Q(guest_expires_at__isnull=False),
            ),
            models.Index(fields=["-date_joined", "-id"], name="user_joined"),
        ]

    def __str__(self) -> str:
        if self.external_id is not None:
            return f"customer {self.external_id}" if self.external_id else "the shop"
        return self.email or f"guest {self.pk}"

    def clean(self) -> None:
        super().clean()
        self.email = typed_text.clean_line(self.email).lower() if self.email else None

    def save(self, *args: Any, **kwargs: Any) -> None:
        """In small letters only, so that one index finds an address as it is typed."""
        if self.email:
            self.email = typed_text.clean_line(self.email).lower()
        super().save(*args, **kwargs)

    @property
    def is_guest(self) -> bool:
        return self.email is None and self.external_id is None

    @property
    def is_shop(self) -> bool:
        return self.external_id == ""

    @property
    def limit(self) -> int:
        """Try-ons in 24 hours, 0 for none. Only the ceiling limits the shop itself."""
        if self.daily_limit is not None:
            return self.daily_limit
        if self.is_shop:
            return UNLIMITED
        if self.is_guest:
            return settings.TRYON_GUEST_LIMIT
        return settings.TRYON_DAILY_LIMIT


class Consent(models.Model):
    """That a customer's photos may be sent to the picture maker."""

    owner = models.ForeignKey(User, models.CASCADE, related_name="consents")
    version = models.CharField(_("version"), max_length=20)
    # The label of the shop key with which the shop said so; empty: by the customer.
    asserted_by = models.CharField(
        _("asserted by"), max_length=80, blank=True, default="", db_default=""
    )
    given_at = models.DateTimeField(_("given"))
    withdrawn_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-given_at", "-id"]

    def __str__(self) -> str:
        return self.version


class DeletionReceipt(models.Model):
    """That something was deleted, when and how much; it stays when its owner goes."""

    number = models.CharField(max_length=16, unique=True)
    owner = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="deletion_receipts"
    )
    at = models.DateTimeField(_("deleted"))
    photos = models.PositiveIntegerField(default=0)
    garments = models.PositiveIntegerField(default=0)
    pictures = models.PositiveIntegerField(default=0)
    links = models.PositiveIntegerField(default=0)
    account = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("deletion receipt")
        verbose_name_plural = _("deletion receipts")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.number


class Shop(models.Model):
    """The one row of the shop itself; locked while its daily ceiling is counted."""

    demo_loaded_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return "shop"

    @classmethod
    def lock(cls) -> None:
        cls.objects.get_or_create(pk=1)
        cls.objects.select_for_update().get(pk=1)
