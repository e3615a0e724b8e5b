from django.db import connection, migrations, models


class Where:  # noqa: PLW1641 - without a hash on purpose
    """A default that is an object: called for each row, equal to its like, and without a hash."""

    def __call__(self):
        return connection.schema_name

    def __eq__(self, other):
        return isinstance(other, Where)


class SchemaField(models.CharField):
    """A field that works its default out by itself, whatever it was given."""

    def get_default(self):
        return connection.schema_name


class Migration(migrations.Migration):
    dependencies = [("orchard", "0001_initial")]

    operations = [
        migrations.AddField("tree", "place", models.CharField(max_length=63, default=Where())),
        migrations.AddField("basket", "place", SchemaField(max_length=63, default="nowhere")),
    ]
