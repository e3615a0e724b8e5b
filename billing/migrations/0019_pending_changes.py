"""A change of plan that waits for its payment, and one that nobody confirmed in time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0018_debits_under_way"),
    ]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="lapsed_change",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="subscription",
            name="pending_change",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
