from django.db import migrations

from tests.fleet.strange.common import table


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [table("A"), table("B")]
