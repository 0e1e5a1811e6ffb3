"""That the demo was loaded is remembered: what was deleted of it must not come back."""

from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

ACCOUNTS = ("customer@example.org", "staff@example.org")
PIECES = """
FR-1042 FR-1051 FR-1077 FR-1083 FR-1090 FR-1101 FR-1108 FR-1115 FR-1122 FR-2040
FR-2043 FR-2051 FR-2060 FR-2066 FR-2071 FR-3012 FR-3020 FR-3027 FR-3033 FR-3039
""".split()


def remember_the_demo(apps, schema_editor):
    """Where it was before this mark; its file tells of it when all of it was deleted."""
    users = apps.get_model("tryon", "User").objects
    garments = apps.get_model("tryon", "Garment").objects
    there = (
        users.filter(email__in=ACCOUNTS).exists()
        or garments.filter(owner=None, sku__in=PIECES).exists()
        or (users.exists() and (settings.DATA_DIR / "demo-accounts.json").exists())
    )
    if there:
        apps.get_model("tryon", "Shop").objects.update_or_create(
            pk=1, defaults={"demo_loaded_at": timezone.now()}
        )


class Migration(migrations.Migration):

    dependencies = [
        ('tryon', '0023_claims_and_pictures'),
    ]

    operations = [
        migrations.AddField(
            model_name='shop',
            name='demo_loaded_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunPython(remember_the_demo, migrations.RunPython.noop),
    ]
