from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("hasty", "0003_no_default_beside_a_good_one")]

    operations = [
        migrations.RemoveField("visit", "minutes"),
    ]
