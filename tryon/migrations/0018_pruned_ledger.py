from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tryon", "0017_flat_against_age")]

    operations = [
        migrations.CreateModel(
            name="RequestTally",
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
                ("hour", models.DateTimeField()),
                ("kind", models.CharField(max_length=6)),
                ("outcome", models.CharField(max_length=14)),
                ("count", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["hour", "kind", "outcome"], name="request_tally_once"
                    )
                ]
            },
        ),
        migrations.AddField(
            model_name="tryon",
            name="past_requests",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
