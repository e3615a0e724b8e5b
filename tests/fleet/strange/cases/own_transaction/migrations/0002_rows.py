from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("strange", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "BEGIN; INSERT INTO strange_a (name) VALUES ('one'); COMMIT;"
            "INSERT INTO strange_a (name) VALUES ('two');"
        ),
    ]
