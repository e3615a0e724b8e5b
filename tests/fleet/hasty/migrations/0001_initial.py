from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Visit",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("guest", models.CharField(max_length=80)),
                ("minutes", models.IntegerField(default=0)),
                ("purpose", models.CharField(max_length=80, null=True)),
            ],
        ),
        migrations.AddField("visit", "door", models.IntegerField(default=1)),
    ]
