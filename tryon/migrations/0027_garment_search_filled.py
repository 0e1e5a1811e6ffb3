from django.db import migrations, transaction

from tryon.models import typed_text

BATCH = 500


def fill(apps, schema_editor):
    """By batches, so that nobody waits for all of them; killed, it goes on.

    With the words of today, since it is today's search that looks for them.
    """
    using = schema_editor.connection.alias
    garments = apps.get_model("tryon", "Garment").objects.using(using)
    empty = garments.filter(search_text="")
    filled = BATCH
    while filled == BATCH:
        with transaction.atomic(using=using):
            rows = list(empty.select_for_update().only("pk", "name", "sku")[:BATCH])
            for row in rows:
                words = f"{typed_text.make_searchable(row.name)}\n{typed_text.make_searchable(row.sku)}"
                row.search_text = words[:400]
            garments.bulk_update(rows, ["search_text"])
        filled = len(rows)


class Migration(migrations.Migration):
    """Not with the column in one transaction: that would lock the table for all of it."""

    atomic = False
    dependencies = [("tryon", "0026_garment_search")]
    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
