from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tryon", "0014_doomed_files")]

    operations = [
        migrations.AlterField(
            model_name="doomedfile",
            name="at",
            field=models.DateTimeField(),
        ),
    ]
