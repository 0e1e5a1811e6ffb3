from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("tryon", "0016_token_buckets")]

    operations = [
        migrations.AlterModelOptions(
            name="apirequest",
            options={
                "verbose_name": "API request",
                "verbose_name_plural": "API requests",
            },
        ),
        migrations.AddIndex(
            model_name="apirequest",
            index=models.Index(
                fields=["outcome", "planned_at"], name="api_request_outcome"
            ),
        ),
        migrations.RemoveIndex(model_name="apirequest", name="api_request_open"),
        migrations.AddIndex(
            model_name="tryon",
            index=models.Index(
                fields=["status", "finished_at"], name="try_on_finished"
            ),
        ),
        migrations.AddIndex(
            model_name="tryon",
            index=models.Index(
                fields=["deleted_at"],
                name="try_on_tombstones",
                condition=Q(deleted_at__isnull=False),
            ),
        ),
        migrations.AddIndex(
            model_name="tryon",
            index=models.Index(
                fields=["status"],
                name="try_on_existing",
                condition=Q(deleted_at=None),
            ),
        ),
        migrations.AlterField(
            model_name="doomedfile",
            name="at",
            field=models.DateTimeField(db_index=True),
        ),
    ]
