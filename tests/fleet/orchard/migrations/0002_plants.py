from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orchard", "0001_initial")]

    operations = [
        migrations.RenameModel("Tree", "Plant"),
        migrations.RenameField("plant", "height", "size"),
        migrations.AddField("plant", "kind", models.CharField(max_length=20, default="apple")),
        migrations.RenameIndex("basket", new_name="basket_by_weight", old_name="basket_weight"),
    ]
