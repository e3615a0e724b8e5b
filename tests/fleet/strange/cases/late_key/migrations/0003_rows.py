from django.db import migrations


def fill(apps, schema_editor):
    """Write the one that points before the one that it points at."""
    apps.get_model("strange", "B").objects.create(a_id=5)
    apps.get_model("strange", "A").objects.create(id=5)


class Migration(migrations.Migration):
    dependencies = [("strange", "0002_key")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
