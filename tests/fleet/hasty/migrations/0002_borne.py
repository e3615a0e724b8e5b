from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hasty", "0001_initial")]

    operations = [
        migrations.AddField("visit", "badge", models.IntegerField(null=True)),
        migrations.AddField("visit", "floor", models.IntegerField(db_default=0)),
        migrations.AddConstraint(
            "visit",
            models.CheckConstraint(condition=models.Q(floor__lt=200), name="floor_is_on_earth"),
        ),
        migrations.AddIndex("visit", models.Index(fields=["floor"], name="visit_floor")),
    ]
