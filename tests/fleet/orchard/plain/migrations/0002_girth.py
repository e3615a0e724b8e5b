from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orchard", "0001_initial")]

    operations = [
        migrations.AddField("tree", "girth", models.IntegerField(default=0)),
    ]
