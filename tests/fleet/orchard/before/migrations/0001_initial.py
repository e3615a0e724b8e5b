import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("contenttypes", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Tree",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=80, unique=True)),
                ("height", models.IntegerField(default=0)),
                ("row", models.IntegerField(default=1, db_index=True)),
            ],
            options={"unique_together": {("name", "row")}},
        ),
        migrations.CreateModel(
            name="Basket",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                (
                    "tree",
                    models.ForeignKey("orchard.Tree", on_delete=django.db.models.deletion.CASCADE),
                ),
                ("neighbours", models.ManyToManyField("orchard.Tree", related_name="near")),
                ("weight", models.PositiveIntegerField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["weight"], name="basket_weight")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(weight__lt=100), name="basket_not_too_heavy"
                    )
                ],
            },
        ),
    ]
