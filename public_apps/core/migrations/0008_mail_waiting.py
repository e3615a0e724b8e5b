from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0007_answers_headers"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="outgoingmail", name="mail_due"),
        migrations.AddIndex(
            model_name="outgoingmail",
            index=models.Index(
                fields=["next_attempt_at"],
                condition=Q(sent_at__isnull=True, failed_at__isnull=True, unwanted_at__isnull=True),
                name="mail_waiting",
            ),
        ),
    ]
