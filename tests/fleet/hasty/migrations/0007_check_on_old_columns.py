from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hasty", "0006_table_renamed")]

    operations = [
        migrations.AddConstraint(
            "stay", models.CheckConstraint(condition=models.Q(door__lt=9), name="eight_doors")
        ),
    ]
