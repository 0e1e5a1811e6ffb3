from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tryon", "0015_expected_files")]

    operations = [
        migrations.CreateModel(
            name="TokenBucket",
            fields=[
                (
                    "key",
                    models.CharField(max_length=100, primary_key=True, serialize=False),
                ),
                ("full_at", models.FloatField(db_index=True)),
            ],
        ),
    ]
