"""What customers and the shop upload: photos of people, pictures of clothes."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..pictures import normalise, storage
from . import typed_text
from .pending_deletion import PendingDeletion
from .webhooks import record_garment_event

if TYPE_CHECKING:
    from .accounts import User


class Picture(models.Model):
    """A JPEG in private storage, with WebP renditions beside it.

    `stem` is the random part of every file's name; the renditions' names follow
    from it, so that a page can link them without asking storage.
    """

    stem = models.CharField(max_length=40, unique=True, editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    mean_color = models.CharField(max_length=7, editable=False)
    measured = models.JSONField(default=dict, editable=False)
    renditions_at = models.DateTimeField(null=True, editable=False, db_index=True)
    created_at = models.DateTimeField(_("created"), db_index=True)

    media_kind: str

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().save(*args, **kwargs)
            PendingDeletion.keep(self.file_name)

    def store(self, picture: "normalise.Picture", now: datetime) -> None:
        """Write the file and take over its size and colour; not yet the row.

        Without one the file is deleted again in an hour. Raises `storage.Away`.
        """
        self.stem = storage.make_stem(self.media_kind)
        self.width, self.height = picture.width, picture.height
        self.mean_color = picture.mean_color
        self.measured = picture.measured
        PendingDeletion.expect(self.file_name, now)
        storage.save(self.file_name, ContentFile(picture.data))

    @property
    def file_name(self) -> str:
        return f"{self.stem}.jpg"

    def rendition_name(self, width: int) -> str:
        return f"{self.stem}-{width}.webp"

    @property
    def file_names(self) -> list[str]:
        return [
            self.file_name,
            *(self.rendition_name(width) for width in normalise.RENDITION_WIDTHS),
        ]

    @property
    def url(self) -> str:
        return storage.build_url(self.file_name)

    @property
    def small_url(self) -> str:
        if self.renditions_at is None:
            return self.url
        return storage.build_url(self.rendition_name(normalise.RENDITION_WIDTHS[0]))

    @property
    def srcset(self) -> str:
        """Empty until the renditions exist; then a page falls back on `url`."""
        if self.renditions_at is None:
            return ""
        return ", ".join(
            f"{storage.build_url(self.rendition_name(width))} {width}w"
            for width in normalise.RENDITION_WIDTHS
        )


class PhotoQuerySet(models.QuerySet["Photo"]):
    def visible_to(self, owner: "User | None") -> "PhotoQuerySet":
        return self.filter(owner=owner) if owner else self.none()

    def recent(self) -> "PhotoQuerySet":
        return self.order_by("-created_at", "-id")


class Photo(Picture):
    """A person's picture that a customer uploaded; reused for many try-ons."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="photos"
    )
    derived_from = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False
    )
    source_sha256 = models.CharField(max_length=64, editable=False)

    media_kind = "photo"
    objects = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "source_sha256"], name="photo_once_per_owner"
            )
        ]
        indexes = [models.Index(fields=["owner", "-created_at", "-id"])]
        permissions = [
            ("view_private_media", _("Can see customers' pictures")),
        ]

    def __str__(self) -> str:
        return f"photo {self.pk}"


class GarmentKind(models.TextChoices):
    """The API's `garmentType` values (documentation, "Form Data (Case 1)")."""

    UPPER = "upper_body", _("Top")
    LOWER = "lower_body", _("Bottom")
    FULL = "full_body", _("Full body")


# The three places of an outfit, by the names that forms and addresses use.
SLOTS = {
    "top": GarmentKind.UPPER,
    "bottom": GarmentKind.LOWER,
    "full": GarmentKind.FULL,
}


SEEN_BY_PROGRAMS = {"name", "sku", "kind", "product_url", "stem", "retired_at"}
WRITTEN_BY_SAVE = {"name", "sku", "retired_at"}
MOST_SEARCHED = 400  # letters, so that an index of PostgreSQL takes them
SHOWN = ["owner", "retired_at", "sku", "-created_at", "id", "kind", "search_text"]


def matches_words(text: str, of: str = "") -> Q:
    """Garments whose name or SKU has these words in it; `of`: the way to them."""
    searchable = typed_text.make_searchable(text)
    if len(searchable) > MOST_SEARCHED:
        return Q(pk=None)  # longer than any name; databases bound what they look for
    return Q(**{f"{of}search_text__contains": searchable}) if searchable else Q()


class GarmentQuerySet(models.QuerySet["Garment"]):
    def of_the_shop(self) -> "GarmentQuerySet":
        """The catalogue, and what was retired from it."""
        return self.filter(owner=None)

    def catalogue(self) -> "GarmentQuerySet":
        return self.filter(owner=None, retired_at=None)

    def updated_since(self, moment: datetime) -> "GarmentQuerySet":
        """Pieces of an earlier release say only when they were created."""
        unsaid = Q(updated_at=None, created_at__gte=moment)
        return self.filter(Q(updated_at__gte=moment) | unsaid)

    def of(self, owner: "User | None") -> "GarmentQuerySet":
        """One's own that can be chosen."""
        return self.filter(owner=owner, retired_at=None) if owner else self.none()

    def visible_to(self, owner: "User | None") -> "GarmentQuerySet":
        """The catalogue, retired pieces too (they stay in histories), and one's own."""
        if owner is None:
            return self.filter(owner=None)
        return self.filter(Q(owner=None) | Q(owner=owner))

    def choosable_by(self, owner: "User | None") -> "GarmentQuerySet":
        return self.visible_to(owner).filter(retired_at=None)

    def bulk_create(  # Django's own arguments
        self, objs: Iterable["Garment"], *args: Any, **kwargs: Any
    ) -> "list[Garment]":
        rows = list(objs)
        for row in rows:
            row.search_text = row.make_search_text()
        return super().bulk_create(rows, *args, **kwargs)

    def update(self, **fields: object) -> int:
        """All but what `save` writes, since there is more to do then."""
        if WRITTEN_BY_SAVE & fields.keys() and "search_text" not in fields:
            raise ValueError("what others see of a piece is written by Garment.save")
        return super().update(**fields)


class Garment(Picture):
    """A picture of one piece of clothing: of the catalogue, or a customer's own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="garments",
        help_text=_("Empty: a piece of the shop's catalogue."),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=GarmentKind)
    name = models.CharField(_("name"), max_length=80, blank=True)
    sku = models.CharField(_("SKU"), max_length=40, blank=True)
    # Name and SKU as they are looked for; empty in rows of an earlier release.
    search_text = models.CharField(
        max_length=MOST_SEARCHED, default="", db_default="", editable=False
    )
    product_url = models.URLField(_("product page"), blank=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)
    # When one of what the shop's programs see of it last changed.
    updated_at = models.DateTimeField(null=True, editable=False, db_index=True)
    # What was made before shows another picture of it.
    picture_changed_at = models.DateTimeField(null=True, editable=False)
    source_sha256 = models.CharField(max_length=64, editable=False)

    media_kind = "garment"
    objects = GarmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("garment")
        verbose_name_plural = _("garments")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "kind", "source_sha256"],
                name="garment_once_per_owner",
            ),
            models.UniqueConstraint(
                fields=["sku"],
                condition=Q(owner=None) & ~Q(sku=""),
                name="garment_sku_unique",
            ),
            models.CheckConstraint(
                name="garment_kind_known",
                condition=Q(kind__in=["upper_body", "lower_body", "full_body"]),
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"]),
            # The catalogue in the order it is shown, counted and searched without its
            # rows.
            models.Index(fields=SHOWN, name="garment_shown"),
            models.Index(
                fields=["owner", "retired_at", "id"], name="garment_by_chance"
            ),
            models.Index(
                "id", name="garment_not_searched", condition=Q(search_text="")
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_text = self.make_search_text()
        fields = kwargs.get("update_fields")
        is_seen = fields is None or bool(SEEN_BY_PROGRAMS & {*fields})
        if is_seen:
            self.updated_at = timezone.now()
        if fields is not None:
            also = {"search_text", "updated_at"} if is_seen else {"search_text"}
            kwargs["update_fields"] = {*fields, *also}
        with transaction.atomic():
            super().save(*args, **kwargs)
            if is_seen:
                record_garment_event(self, self.updated_at or timezone.now())

    def make_search_text(self) -> str:
        """Never empty: a line of its own for each, so that no word goes across."""
        parts = [typed_text.make_searchable(text) for text in (self.name, self.sku)]
        return "\n".join(parts)[:MOST_SEARCHED]

    @property
    def label(self) -> str:
        return self.name or str(self.get_kind_display())

    @property
    def slot(self) -> str:
        return next(name for name, kind in SLOTS.items() if kind == self.kind)
