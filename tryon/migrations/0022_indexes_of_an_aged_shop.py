from django.db import migrations, models


class Migration(migrations.Migration):
    """What staff's lists and figures of a period are read from, however old the shop."""

    dependencies = [("tryon", "0021_unfinished")]

    operations = [
        migrations.AddIndex(
            model_name="tryon",
            index=models.Index(fields=["-created_at", "-id"], name="try_on_newest"),
        ),
        migrations.AddIndex(
            model_name="tryon",
            index=models.Index(fields=["remote_id"], name="try_on_remote"),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["-date_joined", "-id"], name="user_joined"),
        ),
        migrations.AddIndex(
            model_name="reviewdecision",
            index=models.Index(fields=["-at"], name="review_decision_at"),
        ),
    ]
