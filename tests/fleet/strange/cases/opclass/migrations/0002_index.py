from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("strange", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="a",
            index=models.Index(fields=["name"], name="strange_a_own", opclasses=["own_text_ops"]),
        ),
    ]
