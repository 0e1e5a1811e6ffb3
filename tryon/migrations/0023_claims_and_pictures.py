
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tryon', '0022_indexes_of_an_aged_shop'),
    ]

    operations = [
        migrations.AddField(
            model_name='catalogueimport',
            name='attempts',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='catalogueimport',
            name='back',
            field=models.JSONField(default=list, null=True),
        ),
        migrations.AddField(
            model_name='catalogueimport',
            name='claim',
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='catalogueimport',
            name='language',
            field=models.CharField(blank=True, db_default='', default='', max_length=10),
        ),
        migrations.AddField(
            model_name='catalogueimport',
            name='notes',
            field=models.JSONField(default=list, null=True),
        ),
        migrations.AddField(
            model_name='catalogueimport',
            name='pictures',
            field=models.JSONField(default=list, null=True),
        ),
        migrations.AddField(
            model_name='catalogueimport',
            name='pictures_replaced',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='catalogueimport',
            name='replace_pictures',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='catalogueimport',
            name='unchanged',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='export',
            name='attempts',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='export',
            name='claim',
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='garment',
            name='picture_changed_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='catalogueimport',
            name='state',
            field=models.CharField(choices=[('checking', 'Being looked through'), ('checked', 'Looked through'), ('importing', 'Being taken in'), ('done', 'Taken in'), ('unreadable', 'Not readable'), ('failed', 'Failed')], default='checking', max_length=10),
        ),
    ]
