"""Reviewer, catalogue editor and operator, as groups."""

from django.apps import apps as present
from django.contrib.auth.management import create_permissions
from django.db import migrations

# What each staff role may do; changed by a shop as it likes.
ROLES = {
    "Reviewer": [
        "review_result",
        "view_private_media",
        "view_result",
        "view_tryon",
        "view_photo",
        "view_garment",
    ],
    "Catalogue editor": ["add_garment", "change_garment", "view_garment"],
    "Operator": [
        "view_key",
        "change_key",
        "view_apirequest",
        "view_tryon",
        "change_tryon",
        "view_user",
        "change_user",
        "delete_user",
        "view_garment",
    ],
}


def make(apps, schema_editor):
    # Permissions come after all migrations; these groups need them now.
    create_permissions(present.get_app_config("tryon"), verbosity=0)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, codenames in ROLES.items():
        group, made = Group.objects.get_or_create(name=name)
        if made:
            rows = Permission.objects.filter(
                content_type__app_label="tryon", codename__in=codenames
            )
            group.permissions.set(rows)


class Migration(migrations.Migration):
    dependencies = [
        ("tryon", "0009_review"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
