from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("onboarding", "0003_newest_first"),
    ]

    operations = [
        migrations.AddField(
            model_name="signup",
            name="frontend_url",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                max_length=200,
                verbose_name="frontend",
            ),
        ),
        migrations.AddField(
            model_name="signup",
            name="given_up_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="order given up"
            ),
        ),
    ]
