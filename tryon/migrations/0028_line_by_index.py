from django.db import migrations, models


class Migration(migrations.Migration):
    """What a planning pass asks of ten thousand jobs is read from an index alone."""

    dependencies = [("tryon", "0027_garment_search_filled")]

    operations = [
        migrations.RemoveIndex(model_name="tryon", name="try_on_existing"),
        migrations.AddIndex(
            model_name="tryon",
            index=models.Index(
                condition=models.Q(deleted_at=None),
                fields=["status", "owner", "created_at", "id", "next_attempt_at"],
                name="try_on_existing",
            ),
        ),
    ]
