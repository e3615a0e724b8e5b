from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0006_mail_unwanted"),
    ]

    operations = [
        migrations.AddField(
            model_name="idempotentrequest",
            name="headers",
            field=models.JSONField(null=True),
        ),
    ]
