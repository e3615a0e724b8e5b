import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """Webhooks' sums come here from core, incidents go to monitoring: the models, not the tables."""

    dependencies = [
        ("billing", "0010_accounts_and_add_ons"),
        ("core", "0008_mail_waiting"),
    ]
    # Monitoring knows nothing of billing, but its model of incidents takes over the table made here.
    run_before = [("monitoring", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="WebhookSlot",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "span",
                            models.CharField(
                                choices=[("minute", "minute"), ("hour", "hour")], max_length=6
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("accepted", models.BigIntegerField(default=0)),
                        ("refused", models.BigIntegerField(default=0)),
                        ("broken", models.BigIntegerField(default=0)),
                        (
                            "answer_buckets",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), default=list, size=None
                            ),
                        ),
                        ("handled", models.BigIntegerField(default=0)),
                        ("failed_attempts", models.BigIntegerField(default=0)),
                        (
                            "handled_buckets",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), default=list, size=None
                            ),
                        ),
                    ],
                    options={
                        "db_table": "core_webhookslot",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("span", "at"), name="one_slot_per_span_and_time"
                            )
                        ],
                    },
                ),
                migrations.DeleteModel(name="Incident"),
            ],
        ),
    ]
