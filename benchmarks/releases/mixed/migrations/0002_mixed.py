from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("parcels", "0001_initial")]

    operations = [
        migrations.AddField("parcel", "weight", models.PositiveIntegerField(null=True)),
        migrations.CreateModel(
            name="Shelf",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=80, unique=True)),
            ],
        ),
        migrations.AlterField("parcel", "label", models.CharField(max_length=120, db_index=True)),
    ]
