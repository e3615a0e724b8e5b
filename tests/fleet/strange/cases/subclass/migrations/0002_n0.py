from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("strange", "0001_initial")]

    operations = [
        migrations.AddField(model_name="a", name="n0", field=models.IntegerField(null=True)),
    ]
