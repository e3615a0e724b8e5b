"""What is measured now and then of the database and of its backups."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0010_database_clock"),
    ]

    operations = [
        migrations.AddField(
            model_name="installation",
            name="database_bytes",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="installation",
            name="measured_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="installation",
            name="oldest_backup_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
