from django.db import migrations, models


class Migration(migrations.Migration):
    """By itself, so that the linter judges all else: old code leaves these numbers empty."""

    dependencies = [("billing", "0012_documents")]

    operations = [
        migrations.AddConstraint(
            model_name="manualpayment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("number", ""), _negated=True),
                fields=("number",),
                name="manual_payment_number",
            ),
        ),
    ]
