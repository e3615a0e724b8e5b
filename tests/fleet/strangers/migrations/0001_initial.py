from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Call",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("sender", models.CharField(max_length=80)),
                ("said", models.TextField()),
            ],
        ),
    ]
