from django.db import migrations

RIGHTS = {
    "shopkey": ("view", "change"),
    "webhookendpoint": ("view", "add", "change"),
    "webhookdelivery": ("view", "change"),
}


def give_to_operators(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    rights = []
    for model, names in RIGHTS.items():
        kind, _ = ContentType.objects.get_or_create(app_label="tryon", model=model)
        rights += [
            Permission.objects.get_or_create(
                content_type=kind,
                codename=f"{name}_{model}",
                defaults={"name": f"Can {name} {model}"},
            )[0]
            for name in names
        ]
    for group in apps.get_model("auth", "Group").objects.filter(name="Operator"):
        group.permissions.add(*rights)


class Migration(migrations.Migration):
    """They revoke keys and mend webhooks; only a superuser makes a key."""

    dependencies = [
        ("tryon", "0031_shop_api"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.RunPython(give_to_operators, migrations.RunPython.noop)
    ]
