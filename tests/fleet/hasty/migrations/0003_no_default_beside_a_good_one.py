from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hasty", "0002_borne")]

    operations = [
        migrations.AddField("visit", "room", models.CharField(max_length=9, default="")),
        migrations.AddField("visit", "wing", models.IntegerField(db_default=0)),
    ]
