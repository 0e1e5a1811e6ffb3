"""Product feeds: where they are, what was last read of each item, which kind it is."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .claims import Claimed
from .uploads import Garment, GarmentKind

MOST_SKU = 40


class Feed(Claimed):
    """A shop's product feed, by its address or as a file that was uploaded.

    `progress` is what the sync that is going on has counted, `cursor` the last item
    that it was at: whoever takes the row over goes on behind it. `report` is what the
    last one did, `look` what one would do. `problem` is a sentence in `language`, the
    language of whoever asked last.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for its time")
        LOOKING = "looking", _("Being looked through")
        READING = "reading", _("Being read")
        TAKING = "taking", _("Being taken in")
        UNREADABLE = "unreadable", _("Not readable")
        FAILED = "failed", _("Failed")

    name = models.CharField(_("name"), max_length=500, unique=True)
    address = models.URLField(_("address"), max_length=500, blank=True)
    file_name = models.CharField(max_length=60, blank=True, editable=False)
    every_hours = models.PositiveSmallIntegerField(_("every so many hours"), default=24)
    is_on = models.BooleanField(_("on"), default=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.WAITING, editable=False
    )
    # Validators of what was last read to its end, and by which rules it was.
    etag = models.CharField(max_length=200, blank=True, editable=False)
    last_modified = models.CharField(max_length=60, blank=True, editable=False)
    read_by_rules = models.CharField(max_length=32, blank=True, editable=False)
    next_at = models.DateTimeField(_("next time"), null=True, editable=False)
    synced_at = models.DateTimeField(_("last time"), null=True, editable=False)
    begun_at = models.DateTimeField(null=True, editable=False)
    cursor = models.BigIntegerField(default=0, editable=False)
    progress = models.JSONField(default=dict, editable=False)
    # Lines of the feed that are no items, as they were last read.
    unplaced = models.JSONField(default=list, editable=False)
    report = models.JSONField(default=dict, editable=False)
    look = models.JSONField(default=dict, editable=False)
    problem = models.TextField(_("problem"), blank=True, editable=False)
    # So many would have been retired at once: a person decides.
    held = models.PositiveIntegerField(default=0, editable=False)
    may_retire_many = models.BooleanField(default=False, editable=False)
    language = models.CharField(max_length=10, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    OPEN = (State.LOOKING, State.READING, State.TAKING)
    FAILURE = State.FAILED
    # Its worker renews it every few seconds, whatever it waits for.
    LEASE = timedelta(seconds=15)
    objects = models.Manager["Feed"]()

    class Meta:
        verbose_name = _("product feed")
        verbose_name_plural = _("product feeds")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def free(cls, now: datetime) -> models.QuerySet["Feed"]:
        nobody = Q(claimed_at=None) | Q(claimed_at__lt=now - cls.LEASE)
        return cls.objects.filter(nobody, state__in=cls.OPEN)

    @property
    def is_busy(self) -> bool:
        return self.state in self.OPEN


class KindRule(models.Model):
    """Which kind an item is, or that it is left out; the first rule that hits counts.

    `words`: numbers or paths of Google's categories, or words, between semicolons. With
    none, a rule for the product type knows the words of the CSV import for its kind.
    """

    class Field(models.TextChoices):
        CATEGORY = "google_product_category", _("Google's category")
        PRODUCT_TYPE = "product_type", _("product type")
        AGE_GROUP = "age_group", _("age group")
        GENDER = "gender", _("gender")
        NAME = "title", _("title")

    position = models.PositiveSmallIntegerField(_("position"), default=0)
    field = models.CharField(_("field"), max_length=30, choices=Field)
    words = models.TextField(_("numbers, paths or words"), blank=True)
    kind = models.CharField(
        _("kind"),
        max_length=10,
        blank=True,
        choices=GarmentKind,
        help_text=_("Empty: left out."),
    )
    reason = models.CharField(_("left out as"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("rule for kinds")
        verbose_name_plural = _("rules for kinds")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return f"{self.position}. {self.get_field_display()}"


class FeedItem(models.Model):
    """What was last read of one item, and the piece that shows it.

    An item whose `digest` is the same costs nothing. `pending`: it is to be taken in;
    after a failure it stays so, with the `problem`, and is tried again with the next
    sync. Variants with the same picture share a piece, whose SKU is the first one's.
    """

    class State(models.TextChoices):
        TAKEN = "taken", _("taken in")
        UNCLEAR = "unclear", _("not clear")
        LEFT_OUT = "left_out", _("left out")
        SOLD_OUT = "sold_out", _("out of stock")
        GONE = "gone", _("no longer in the feed")

    feed = models.ForeignKey(Feed, models.CASCADE, related_name="items")
    sku = models.CharField(max_length=MOST_SKU)
    digest = models.CharField(max_length=32, blank=True)
    line = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State)
    rule = models.ForeignKey(KindRule, models.SET_NULL, null=True, related_name="items")
    # What is wanted of the piece.
    kind = models.CharField(max_length=10, blank=True)
    name = models.CharField(max_length=80, blank=True)
    product_url = models.CharField(max_length=200, blank=True)
    group = models.CharField(max_length=100, blank=True)
    image_link = models.TextField(blank=True)
    more_images = models.JSONField(default=list)
    pending = models.BooleanField(default=False)
    problem = models.TextField(blank=True)
    # What is there.
    garment = models.ForeignKey(
        Garment, models.SET_NULL, null=True, related_name="feed_items"
    )
    # Said before the piece is made, so that a kill between the two leaves no doubt.
    brought = models.BooleanField(default=False)
    retired = models.BooleanField(default=False)
    picture_url = models.TextField(blank=True)
    picture_etag = models.CharField(max_length=200, blank=True)
    picture_modified = models.CharField(max_length=60, blank=True)
    picture_due_at = models.DateTimeField(null=True)

    # A piece with one of these stays in the catalogue.
    KEEPS = (State.TAKEN, State.UNCLEAR)

    class Meta:
        verbose_name = _("item of a feed")
        verbose_name_plural = _("items of feeds")
        ordering = ["feed", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["feed", "sku"], name="feed_item_once")
        ]
        indexes = [
            models.Index(fields=["feed", "group"], name="feed_item_group"),
            models.Index(fields=["feed", "garment"], name="feed_item_piece"),
            models.Index(
                fields=["feed", "id"],
                name="feed_item_pending",
                condition=Q(pending=True),
            ),
            models.Index(fields=["feed", "picture_due_at"], name="feed_item_due"),
        ]

    def __str__(self) -> str:
        return self.sku
