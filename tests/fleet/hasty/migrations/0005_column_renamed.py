from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("hasty", "0004_column_dropped")]

    operations = [
        migrations.RenameField("visit", "guest", "person"),
    ]
