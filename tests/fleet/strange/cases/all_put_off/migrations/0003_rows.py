from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("strange", "0002_unique")]

    operations = [
        migrations.RunSQL(
            "SET CONSTRAINTS ALL DEFERRED;"
            "INSERT INTO strange_a (name) VALUES ('x'), ('x');"
            "UPDATE strange_a SET name = 'y' WHERE id = 1"
        ),
    ]
