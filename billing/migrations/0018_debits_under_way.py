from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0017_contacts")]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="debit_under_way",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="a debit is under way"
            ),
        ),
    ]
