from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0005_mail_given_up"),
    ]

    operations = [
        migrations.AddField(
            model_name="idempotentrequest",
            name="headers",
            field=models.JSONField(null=True),
        ),
    ]
