from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orchard", "0005_own_defaults")]

    operations = [
        AddIndexConcurrently("plant", models.Index(fields=["kind", "-row"], name="plant_kind")),
    ]
