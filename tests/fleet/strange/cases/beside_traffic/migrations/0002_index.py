from django.db import migrations


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("strange", "0001_initial")]

    operations = [
        migrations.RunSQL("CREATE INDEX CONCURRENTLY strange_a_names ON strange_a (name)"),
    ]
