"""The shared cache's table, by migration so that no deployment can forget `createcachetable`."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE TABLE core_cache ("
            " cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL)",
            "DROP TABLE core_cache",
        ),
        migrations.RunSQL(
            "CREATE INDEX core_cache_expires ON core_cache (expires)",
            migrations.RunSQL.noop,
        ),
    ]
