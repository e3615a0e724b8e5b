from django.db import migrations


def count(apps, schema_editor):
    people = apps.get_model("accounts", "User").objects.count()
    apps.get_model("tallies", "Tally").objects.create(people=people)


class Migration(migrations.Migration):
    dependencies = [("tallies", "0001_initial")]

    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
