from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("strange", "0001_initial")]

    operations = [
        migrations.RunSQL("SELECT pg_sleep(15)", migrations.RunSQL.noop),
    ]
