from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("strange", "0001_initial")]

    operations = [
        migrations.RunSQL("ALTER TYPE strange_mood ADD VALUE 'stormy'", migrations.RunSQL.noop),
    ]
