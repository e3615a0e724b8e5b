"""What manages a subscription at Stripe, and the change of plan that it brings when a period ends."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0020_subscriptions_of_nobody"),
    ]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="schedule_id",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                max_length=255,
                verbose_name="schedule",
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="scheduled_change",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
