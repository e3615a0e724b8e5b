from django.db import connection, migrations, models


def where():
    return connection.schema_name


class Migration(migrations.Migration):
    dependencies = [("orchard", "0004_constraints")]

    operations = [
        migrations.AddField("plant", "where", models.CharField(max_length=63, default=where)),
        migrations.AddField("plant", "notes", models.JSONField(default=dict)),
        migrations.AddField("plant", "share", models.CharField(max_length=9, default="5 % ; --")),
    ]
