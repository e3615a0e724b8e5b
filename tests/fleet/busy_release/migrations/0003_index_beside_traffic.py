from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tallies", "0002_count")]

    operations = [
        AddIndexConcurrently("tally", models.Index(fields=["people"], name="tally_of_people")),
    ]
