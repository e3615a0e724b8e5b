from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("strange", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="b",
            name="a",
            field=models.ForeignKey(null=True, on_delete=models.CASCADE, to="strange.a"),
        ),
    ]
