from django.db import migrations, models


class Migration(migrations.Migration):
    """Compose reads a page of the catalogue, and counts it, by an index alone."""

    dependencies = [("tryon", "0024_demo_loaded")]

    operations = [
        migrations.AddIndex(
            model_name="garment",
            index=models.Index(
                fields=["owner", "retired_at", "sku", "-created_at", "id", "kind"],
                name="garment_shown",
            ),
        ),
        migrations.AddIndex(
            model_name="garment",
            index=models.Index(
                fields=["owner", "retired_at", "id"], name="garment_by_chance"
            ),
        ),
    ]
