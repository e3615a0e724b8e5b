from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("orchard", "0002_gaps")]

    operations = [
        migrations.AlterField("basket", "weight", models.PositiveIntegerField(default=5)),
        migrations.AddField("tree", "seen_at", models.DateTimeField(db_default=Now())),
        migrations.AddField("tree", "notes", models.JSONField(default=dict)),
    ]
