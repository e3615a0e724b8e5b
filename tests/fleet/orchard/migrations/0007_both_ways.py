from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orchard", "0006_index_beside_traffic")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.AddField("basket", "is_full", models.BooleanField(default=False)),
                migrations.RunSQL(
                    [
                        ("UPDATE orchard_basket SET is_full = %s WHERE weight > %s", [True, 3]),
                        "COMMENT ON TABLE orchard_basket IS 'what; is -- in it' -- said once",
                    ]
                ),
            ],
            state_operations=[
                migrations.AddField("basket", "is_full", models.BooleanField(default=False))
            ],
        ),
        migrations.RunSQL(
            "INSERT INTO orchard_basket (tree_id, is_full) SELECT id, true FROM orchard_plant"
        ),
        migrations.AlterModelOptions("plant", {"permissions": [("prune", "Can prune")]}),
    ]
