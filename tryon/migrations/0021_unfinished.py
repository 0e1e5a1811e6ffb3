from django.db import migrations, models
from django.db.models.functions import Lower


def in_small_letters(apps, schema_editor):
    users = apps.get_model("tryon", "User").objects
    users.exclude(email=None).exclude(email=Lower("email")).update(email=Lower("email"))


def show_to_operators(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    kind, _ = ContentType.objects.get_or_create(app_label="tryon", model="unfinished")
    rights = [
        Permission.objects.get_or_create(
            content_type=kind,
            codename=f"{right}_unfinished",
            defaults={"name": f"Can {right} unfinished work"},
        )[0]
        for right in ("view", "change")
    ]
    for group in apps.get_model("auth", "Group").objects.filter(name="Operator"):
        group.permissions.add(*rights)


class Migration(migrations.Migration):
    dependencies = [
        ("tryon", "0020_letters"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="Unfinished",
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
                ("job", models.CharField(max_length=40, verbose_name="job")),
                ("row", models.CharField(max_length=60, verbose_name="row")),
                ("tries", models.PositiveIntegerField(default=1, verbose_name="tries")),
                ("begun_at", models.DateTimeField(verbose_name="begun")),
                ("next_at", models.DateTimeField(verbose_name="next try")),
                ("error", models.TextField(blank=True, verbose_name="error")),
            ],
            options={
                "verbose_name": "unfinished work",
                "verbose_name_plural": "unfinished work",
                "ordering": ["begun_at"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["job", "row"], name="unfinished_once"
                    )
                ],
            },
        ),
        migrations.RunPython(show_to_operators, migrations.RunPython.noop),
        migrations.RunPython(in_small_letters, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="user", name="user_email_unique"),
        migrations.RemoveIndex(model_name="user", name="user_guest_expiry"),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                "guest_expires_at",
                name="user_guest_expires",
                condition=models.Q(guest_expires_at__isnull=False),
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=models.EmailField(
                blank=True,
                error_messages={"unique": "There is an account with this e-mail."},
                max_length=254,
                null=True,
                unique=True,
                verbose_name="e-mail",
            ),
        ),
    ]
