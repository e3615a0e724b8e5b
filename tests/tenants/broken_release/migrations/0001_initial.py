"""Breaks after every other app's tables are made, as a real mistake would."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("home", "0001_initial")]

    operations = [
        migrations.RunSQL("CREATE TABLE home_notice (id bigint PRIMARY KEY)"),
        migrations.RunSQL("SELECT 1 / 0"),
    ]
