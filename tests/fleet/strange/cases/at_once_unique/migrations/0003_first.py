from django.db import migrations


def fill(apps, schema_editor):
    """Write one."""
    apps.get_model("strange", "A").objects.create(name="one")


class Migration(migrations.Migration):
    dependencies = [("strange", "0002_unique")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
