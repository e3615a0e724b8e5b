from django.db import migrations


def count(apps, schema_editor):
    """Write down how many there are."""
    found = apps.get_model("strange", "A").objects.count()
    apps.get_model("strange", "B").objects.create(name=str(found))


class Migration(migrations.Migration):
    dependencies = [("strange", "0002_hook")]

    operations = [
        migrations.RunPython(count, migrations.RunPython.noop),
    ]
