from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orchard", "0002_girth")]

    operations = [
        migrations.AddField("basket", "kind", models.CharField(max_length=20, default="willow")),
        migrations.AddIndex("basket", models.Index(fields=["kind"], name="basket_kind")),
    ]
