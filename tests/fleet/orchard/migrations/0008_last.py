from django.db import migrations, models


def count(apps, schema_editor):
    plant = apps.get_model("orchard", "Plant")
    apps.get_model("orchard", "Harvest").objects.create(plants=plant.objects.count())


class Migration(migrations.Migration):
    dependencies = [("orchard", "0007_both_ways")]

    operations = [
        migrations.CreateModel(
            name="Harvest",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("plants", models.IntegerField()),
            ],
        ),
        migrations.AddField("basket", "colour", models.CharField(max_length=9, default="brown")),
        migrations.AlterModelTable("basket", "orchard_crate"),
        migrations.RenameModel("Basket", "Crate"),
        migrations.RunPython(count),
    ]
