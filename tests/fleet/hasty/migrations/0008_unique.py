from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hasty", "0007_check_on_old_columns")]

    operations = [
        migrations.AddConstraint(
            "stay", models.UniqueConstraint(fields=["badge"], name="badges_are_unique")
        ),
    ]
