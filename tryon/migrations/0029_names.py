from django.db import migrations, models

OPEN = ("submitting", "unconfirmed", "processing", "fetching")


def copy_of_open(apps, schema_editor):
    """Of ended ones nobody asks any more; of open ones there are few."""
    rows = apps.get_model("tryon", "TryOn").objects.filter(status__in=OPEN)
    rows.update(last_polled_at=models.F("last_look_at"))


class Migration(migrations.Migration):
    """Names of the field, so that processes of the release before work on meanwhile.

    Their column `last_look_at` stays in the database until a later release drops it, if
    SQLite has not done so when it made the table anew. What one side polls within the
    minutes of a rolling restart, the other may poll once more.
    The table of files to delete keeps its name.
    """

    dependencies = [("tryon", "0028_line_by_index")]

    operations = [
        migrations.AddField(
            model_name="tryon",
            name="last_polled_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunPython(copy_of_open, migrations.RunPython.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name="tryon", name="last_look_at"),
                migrations.AlterField(
                    model_name="apirequest",
                    name="kind",
                    field=models.CharField(
                        choices=[("submit", "Submit"), ("poll", "Poll")], max_length=6
                    ),
                ),
                migrations.RenameModel("DoomedFile", "PendingDeletion"),
                migrations.AlterModelTable("pendingdeletion", "tryon_doomedfile"),
            ],
        ),
    ]
