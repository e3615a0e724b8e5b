from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("strange", "0003_n1")]

    operations = [
        migrations.AddField(model_name="a", name="n2", field=models.IntegerField(null=True)),
    ]
