from django.contrib.auth.models import Group
from django.db import migrations


def add_group(apps, schema_editor):
    Group.objects.create(name="Visitors")


class Migration(migrations.Migration):
    dependencies = [("hasty", "0009_made_not_null")]

    operations = [migrations.RunPython(add_group, migrations.RunPython.noop)]
