from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [("orchard", "0003_first_plants")]

    operations = [
        migrations.AlterField("plant", "name", models.CharField(max_length=120, db_index=True)),
        migrations.AlterUniqueTogether("plant", unique_together=set()),
        migrations.RemoveConstraint("basket", "basket_not_too_heavy"),
        migrations.AddConstraint(
            "plant", models.UniqueConstraint(Lower("name"), "row", name="one_name_in_a_row")
        ),
        migrations.AlterField("plant", "row", models.BigIntegerField(default=1)),
        migrations.RemoveField("basket", "neighbours"),
    ]
