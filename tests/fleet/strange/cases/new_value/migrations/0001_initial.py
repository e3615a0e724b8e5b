from django.db import migrations


class Migration(migrations.Migration):
    dependencies = []

    operations = [
        migrations.RunSQL("CREATE TYPE strange_mood AS ENUM ('calm')", "DROP TYPE strange_mood"),
        migrations.RunSQL("CREATE TABLE strange_day (mood strange_mood)", "DROP TABLE strange_day"),
    ]
