"""Undoes another migration behind the back of whoever counts them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("account", "0001_initial")]

    operations = [migrations.RunSQL("DELETE FROM django_migrations WHERE app = 'account'")]
