from django.db import migrations


class Migration(migrations.Migration):
    """The models have moved to monitoring and billing; their tables stay, and all rows."""

    dependencies = [("core", "0008_mail_waiting")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel(name="Measurement"),
                migrations.DeleteModel(name="WebhookSlot"),
            ],
        ),
    ]
