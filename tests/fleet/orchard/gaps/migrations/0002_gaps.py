import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orchard", "0001_initial")]

    operations = [
        migrations.AddField("tree", "girth", models.IntegerField(null=True)),
        migrations.AddField("tree", "planted_on", models.DateField(null=True)),
        migrations.AddField("basket", "kind", models.CharField(max_length=20, null=True)),
        migrations.AddField(
            "basket",
            "from_tree",
            models.ForeignKey(
                "orchard.Tree",
                null=True,
                related_name="+",
                on_delete=django.db.models.deletion.SET_NULL,
            ),
        ),
    ]
