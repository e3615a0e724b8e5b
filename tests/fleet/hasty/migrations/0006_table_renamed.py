from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("hasty", "0005_column_renamed")]

    operations = [
        migrations.RenameModel("Visit", "Stay"),
    ]
