from django.db import IntegrityError, migrations, transaction


def fill(apps, schema_editor):
    """Write the same again where it may be refused."""
    model = apps.get_model("strange", "A")
    try:
        with transaction.atomic():
            model.objects.create(name="y")
    except IntegrityError:
        model.objects.create(name="refused")


class Migration(migrations.Migration):
    dependencies = [("strange", "0003_rows")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
