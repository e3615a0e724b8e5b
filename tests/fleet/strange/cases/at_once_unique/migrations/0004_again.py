from django.db import IntegrityError, migrations, transaction


def fill(apps, schema_editor):
    """Write the same again where it may be refused, and one more that says how it went."""
    model = apps.get_model("strange", "A")
    try:
        with transaction.atomic():
            model.objects.create(name="one")
    except IntegrityError:
        model.objects.create(name="refused")
    else:
        model.objects.create(name="taken")


class Migration(migrations.Migration):
    dependencies = [("strange", "0003_first")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
