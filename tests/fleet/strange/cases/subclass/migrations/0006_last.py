from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("strange", "0005_own")]

    operations = [
        migrations.AddField(model_name="b", name="last", field=models.IntegerField(null=True)),
    ]
