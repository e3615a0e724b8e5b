from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("strange", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            model_name="a",
            constraint=models.UniqueConstraint(
                fields=["name"], name="strange_a_name", deferrable=models.Deferrable.IMMEDIATE
            ),
        ),
    ]
