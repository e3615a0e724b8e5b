"""How many events Stripe could not deliver: a release before this one writes rows without it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0021_scheduled_changes"),
    ]

    operations = [
        migrations.AddField(
            model_name="webhookslot",
            name="missed",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
