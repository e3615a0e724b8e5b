from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import F


def one_item_each(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Fill in what a period costs where the plan is all that is charged; `reconcile` finds others."""
    subscriptions = apps.get_model("billing", "Subscription").objects.filter(
        renewal_amount=None, unit_amount__isnull=False
    )
    subscriptions.update(renewal_amount=F("unit_amount") * F("quantity"))


class Migration(migrations.Migration):
    dependencies = [("billing", "0009_newest_first")]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="account",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                max_length=80,
                verbose_name="Stripe account",
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="renewal_amount",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="amount of a period"),
        ),
        migrations.RunPython(one_item_each, migrations.RunPython.noop),
    ]
