from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("strange", "0002_zone")]

    operations = [
        migrations.RunSQL(
            "INSERT INTO strange_a (name) SELECT current_setting('TimeZone')",
            migrations.RunSQL.noop,
        ),
    ]
