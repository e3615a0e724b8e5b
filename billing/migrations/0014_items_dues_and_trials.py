"""Items by name, days to pay by, other intervals, credit, and who has had a trial."""

import django.core.validators
import django.utils.timezone
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import F
from django.db.models.functions import Lower


def one_item_each(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Name the plan where it is all that is charged; the next event or `reconcile` tells the others."""
    rows = apps.get_model("billing", "Subscription").objects.select_related("plan")
    alone = rows.filter(items=[], renewal_amount=F("unit_amount") * F("quantity"))
    for row in alone.exclude(item_id="").iterator():
        row.items = [
            {
                "id": row.item_id,
                "name": row.plan.name if row.plan else "",
                "is_plan": True,
                "quantity": row.quantity,
                "unit_amount": row.unit_amount,
                "amount": row.renewal_amount,
                "currency": row.currency,
                "interval": row.interval,
                "interval_count": 1,
            }
        ]
        row.save(update_fields=["items"])


def small_letters(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Write currencies as Stripe does; a price that would then be there twice stays as it is."""
    prices = apps.get_model("billing", "Price").objects.annotate(small=Lower("currency"))
    for price in prices.exclude(currency=F("small")):
        twins = prices.filter(plan=price.plan_id, interval=price.interval, currency=price.small)
        if not twins.exists():
            prices.filter(pk=price.pk).update(currency=price.small)


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0013_manual_payment_numbers"),
    ]

    operations = [
        migrations.CreateModel(
            name="TrialTaken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        editable=False, max_length=64, unique=True, verbose_name="digest"
                    ),
                ),
                (
                    "subscription_id",
                    models.CharField(editable=False, max_length=255, verbose_name="subscription"),
                ),
                (
                    "began_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="began"
                    ),
                ),
            ],
            options={
                "verbose_name": "trial taken",
                "verbose_name_plural": "trials taken",
            },
        ),
        migrations.AddField(
            model_name="customer",
            name="balance",
            field=models.BigIntegerField(
                db_default=0, default=0, editable=False, verbose_name="balance"
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="currency",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                max_length=3,
                verbose_name="currency",
            ),
        ),
        migrations.AddField(
            model_name="invoice",
            name="due_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="to be paid by"),
        ),
        migrations.AddField(
            model_name="subscription",
            name="interval_count",
            field=models.PositiveSmallIntegerField(
                db_default=1, default=1, verbose_name="intervals a period"
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="items",
            field=models.JSONField(
                db_default=models.Value([], models.JSONField()),
                default=list,
                editable=False,
                verbose_name="items",
            ),
        ),
        migrations.AlterField(
            model_name="price",
            name="currency",
            field=models.CharField(
                default="eur",
                max_length=3,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[a-z]{3}\\Z", "Three letters, such as eur."
                    )
                ],
                verbose_name="currency",
            ),
        ),
        migrations.RunPython(one_item_each, migrations.RunPython.noop),
        migrations.RunPython(small_letters, migrations.RunPython.noop),
    ]
