from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("strange", "0002_n0")]

    operations = [
        migrations.AddField(model_name="a", name="n1", field=models.IntegerField(null=True)),
    ]
