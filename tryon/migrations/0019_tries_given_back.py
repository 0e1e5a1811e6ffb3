from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tryon", "0018_pruned_ledger")]

    operations = [
        migrations.AddField(
            model_name="reviewdecision",
            name="gave_try_back",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
