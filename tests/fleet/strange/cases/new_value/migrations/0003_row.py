from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("strange", "0002_value")]

    operations = [
        migrations.RunSQL("INSERT INTO strange_day VALUES ('stormy')", migrations.RunSQL.noop),
    ]
