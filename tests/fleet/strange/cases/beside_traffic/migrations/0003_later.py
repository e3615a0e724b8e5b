from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("strange", "0002_index")]

    operations = [
        migrations.AddField(model_name="b", name="more", field=models.IntegerField(default=3)),
    ]
