from django.db import migrations, transaction


def fill(apps, schema_editor):
    """Write durably."""
    with transaction.atomic(durable=True):
        apps.get_model("strange", "A").objects.create(name="durable")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("strange", "0001_initial")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
