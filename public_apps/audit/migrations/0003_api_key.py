from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="api_key",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="the key of a machine that acts for that person",
                max_length=120,
                verbose_name="by key",
            ),
        ),
    ]
