import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    replaces = [("orchard", "0001_initial"), ("orchard", "0002_plants")]
    dependencies = [("contenttypes", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Plant",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=80, unique=True)),
                ("size", models.IntegerField(default=0)),
                ("row", models.IntegerField(default=1, db_index=True)),
                ("kind", models.CharField(max_length=20, default="apple")),
            ],
            options={"unique_together": {("name", "row")}},
        ),
        migrations.CreateModel(
            name="Basket",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                (
                    "tree",
                    models.ForeignKey("orchard.Plant", on_delete=django.db.models.deletion.CASCADE),
                ),
                ("neighbours", models.ManyToManyField("orchard.Plant", related_name="near")),
                ("weight", models.PositiveIntegerField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["weight"], name="basket_by_weight")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(weight__lt=100), name="basket_not_too_heavy"
                    )
                ],
            },
        ),
    ]
