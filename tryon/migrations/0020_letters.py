from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("tryon", "0019_tries_given_back")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=10
            ),
        ),
        migrations.AddField(
            model_name="tryon",
            name="letter_due",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddIndex(
            model_name="tryon",
            index=models.Index(
                fields=["created_at"],
                name="try_on_letters",
                condition=Q(letter_due=True),
            ),
        ),
    ]
