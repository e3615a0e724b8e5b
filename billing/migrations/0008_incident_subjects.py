from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0007_refunds_and_bank"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="incident",
            name="one_open_incident_per_kind",
        ),
        migrations.AddField(
            model_name="incident",
            name="subject",
            field=models.CharField(blank=True, default="", max_length=120, verbose_name="subject"),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at__isnull", True)),
                fields=("kind", "subject"),
                name="one_open_incident_per_subject",
            ),
        ),
    ]
