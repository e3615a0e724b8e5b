from django.db import migrations


def a_first_shelf(apps, schema_editor):
    apps.get_model("parcels", "Shelf").objects.create(name="first")


class Migration(migrations.Migration):
    dependencies = [("parcels", "0002_mixed")]

    operations = [migrations.RunPython(a_first_shelf)]
