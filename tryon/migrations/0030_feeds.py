import django.db.models.deletion
from django.db import migrations, models


MODELS = ("feed", "kindrule")


def give_to_editors(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    rights = []
    for model in MODELS:
        kind, _ = ContentType.objects.get_or_create(app_label="tryon", model=model)
        rights += [
            Permission.objects.get_or_create(
                content_type=kind,
                codename=f"{right}_{model}",
                defaults={"name": f"Can {right} {model}"},
            )[0]
            for right in ("view", "add", "change", "delete")
        ]
    groups = apps.get_model("auth", "Group").objects
    for group in groups.filter(name="Catalogue editor"):
        group.permissions.add(*rights)


class Migration(migrations.Migration):
    dependencies = [
        ("tryon", "0029_names"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="Feed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("claim", models.UUIDField(editable=False, null=True)),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0)),
                (
                    "name",
                    models.CharField(max_length=500, unique=True, verbose_name="name"),
                ),
                (
                    "address",
                    models.URLField(blank=True, max_length=500, verbose_name="address"),
                ),
                (
                    "file_name",
                    models.CharField(blank=True, editable=False, max_length=60),
                ),
                (
                    "every_hours",
                    models.PositiveSmallIntegerField(
                        default=24, verbose_name="every so many hours"
                    ),
                ),
                ("is_on", models.BooleanField(default=True, verbose_name="on")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting for its time"),
                            ("looking", "Being looked through"),
                            ("reading", "Being read"),
                            ("taking", "Being taken in"),
                            ("unreadable", "Not readable"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        editable=False,
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("etag", models.CharField(blank=True, editable=False, max_length=200)),
                (
                    "last_modified",
                    models.CharField(blank=True, editable=False, max_length=60),
                ),
                (
                    "read_by_rules",
                    models.CharField(blank=True, editable=False, max_length=32),
                ),
                (
                    "next_at",
                    models.DateTimeField(
                        editable=False, null=True, verbose_name="next time"
                    ),
                ),
                (
                    "synced_at",
                    models.DateTimeField(
                        editable=False, null=True, verbose_name="last time"
                    ),
                ),
                ("begun_at", models.DateTimeField(editable=False, null=True)),
                ("cursor", models.BigIntegerField(default=0, editable=False)),
                ("progress", models.JSONField(default=dict, editable=False)),
                ("unplaced", models.JSONField(default=list, editable=False)),
                ("report", models.JSONField(default=dict, editable=False)),
                ("look", models.JSONField(default=dict, editable=False)),
                (
                    "problem",
                    models.TextField(
                        blank=True, editable=False, verbose_name="problem"
                    ),
                ),
                ("held", models.PositiveIntegerField(default=0, editable=False)),
                ("may_retire_many", models.BooleanField(default=False, editable=False)),
                (
                    "language",
                    models.CharField(blank=True, editable=False, max_length=10),
                ),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="created"),
                ),
            ],
            options={
                "verbose_name": "product feed",
                "verbose_name_plural": "product feeds",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="KindRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        default=0, verbose_name="position"
                    ),
                ),
                (
                    "field",
                    models.CharField(
                        choices=[
                            ("google_product_category", "Google's category"),
                            ("product_type", "product type"),
                            ("age_group", "age group"),
                            ("gender", "gender"),
                            ("title", "title"),
                        ],
                        max_length=30,
                        verbose_name="field",
                    ),
                ),
                (
                    "words",
                    models.TextField(
                        blank=True, verbose_name="numbers, paths or words"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("upper_body", "Top"),
                            ("lower_body", "Bottom"),
                            ("full_body", "Full body"),
                        ],
                        help_text="Empty: left out.",
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, max_length=80, verbose_name="left out as"
                    ),
                ),
            ],
            options={
                "verbose_name": "rule for kinds",
                "verbose_name_plural": "rules for kinds",
                "ordering": ["position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="FeedItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("sku", models.CharField(max_length=40)),
                ("digest", models.CharField(blank=True, max_length=32)),
                ("line", models.PositiveIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("taken", "taken in"),
                            ("unclear", "not clear"),
                            ("left_out", "left out"),
                            ("sold_out", "out of stock"),
                            ("gone", "no longer in the feed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("kind", models.CharField(blank=True, max_length=10)),
                ("name", models.CharField(blank=True, max_length=80)),
                ("product_url", models.CharField(blank=True, max_length=200)),
                ("group", models.CharField(blank=True, max_length=100)),
                ("image_link", models.TextField(blank=True)),
                ("more_images", models.JSONField(default=list)),
                ("pending", models.BooleanField(default=False)),
                ("problem", models.TextField(blank=True)),
                ("brought", models.BooleanField(default=False)),
                ("retired", models.BooleanField(default=False)),
                ("picture_url", models.TextField(blank=True)),
                ("picture_etag", models.CharField(blank=True, max_length=200)),
                ("picture_modified", models.CharField(blank=True, max_length=60)),
                ("picture_due_at", models.DateTimeField(null=True)),
                (
                    "feed",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="tryon.feed",
                    ),
                ),
                (
                    "garment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="feed_items",
                        to="tryon.garment",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="items",
                        to="tryon.kindrule",
                    ),
                ),
            ],
            options={
                "verbose_name": "item of a feed",
                "verbose_name_plural": "items of feeds",
                "ordering": ["feed", "pk"],
                "indexes": [
                    models.Index(fields=["feed", "group"], name="feed_item_group"),
                    models.Index(fields=["feed", "garment"], name="feed_item_piece"),
                    models.Index(
                        condition=models.Q(("pending", True)),
                        fields=["feed", "id"],
                        name="feed_item_pending",
                    ),
                    models.Index(
                        fields=["feed", "picture_due_at"], name="feed_item_due"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("feed", "sku"), name="feed_item_once"
                    )
                ],
            },
        ),
        migrations.RunPython(give_to_editors, migrations.RunPython.noop),
    ]
