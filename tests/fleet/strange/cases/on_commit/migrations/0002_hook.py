from django.db import migrations, transaction


def fill(apps, schema_editor):
    """Write once it is committed."""
    model = apps.get_model("strange", "A")
    transaction.on_commit(lambda: model.objects.create(name="committed"))


class Migration(migrations.Migration):
    dependencies = [("strange", "0001_initial")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
