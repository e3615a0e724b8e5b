"""One more table in every workspace."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("home", "0001_initial")]

    operations = [migrations.RunSQL("CREATE TABLE home_notice (id bigint PRIMARY KEY)")]
