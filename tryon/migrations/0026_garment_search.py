from django.db import migrations, models


class Migration(migrations.Migration):
    """Garments are found by their words, in any case, composition and accents.

    A process of the release before goes on writing rows: theirs are empty here.
    """

    dependencies = [("tryon", "0025_catalogue_as_shown")]

    operations = [
        migrations.AddField(
            model_name="garment",
            name="search_text",
            field=models.CharField(
                db_default="", default="", editable=False, max_length=400
            ),
        ),
        migrations.RemoveIndex(model_name="garment", name="garment_shown"),
        migrations.AddIndex(
            model_name="garment",
            index=models.Index(
                fields=[
                    *["owner", "retired_at", "sku", "-created_at", "id", "kind"],
                    "search_text",
                ],
                name="garment_shown",
            ),
        ),
        migrations.AddIndex(
            model_name="garment",
            index=models.Index(
                "id",
                condition=models.Q(("search_text", "")),
                name="garment_not_searched",
            ),
        ),
    ]
