"""Three plans to start with; staff change them in the admin."""

from django.db import migrations

PLANS = [
    {
        "code": "starter",
        "name": "Starter",
        "name_el": "Βασικό",
        "description": "One or two buildings, run by yourself.",
        "description_el": "Μία ή δύο πολυκατοικίες, με δική σας διαχείριση.",
        "trial_days": 14,
        "most_apartments": 30,
        "prices": {"month": 1900, "year": 19000},
    },
    {
        "code": "professional",
        "name": "Professional",
        "name_el": "Επαγγελματικό",
        "description": "For managing agents with several buildings and colleagues.",
        "description_el": "Για γραφεία διαχείρισης με πολλά κτίρια και συνεργάτες.",
        "trial_days": 0,
        "most_apartments": 250,
        "prices": {"month": 4900, "year": 49000},
    },
    {
        "code": "enterprise",
        "name": "Enterprise",
        "name_el": "Για οργανισμούς",
        "description": "For large portfolios, without a limit on apartments.",
        "description_el": "Για μεγάλα χαρτοφυλάκια, χωρίς όριο διαμερισμάτων.",
        "trial_days": 0,
        "most_apartments": None,
        "prices": {"month": 14900, "year": 149000},
    },
]


def add_plans(apps, schema_editor):
    plan_model = apps.get_model("billing", "Plan")
    price_model = apps.get_model("billing", "Price")
    for position, fields in enumerate(PLANS):
        prices = fields["prices"]
        plan = plan_model.objects.create(
            position=position, **{name: fields[name] for name in fields if name != "prices"}
        )
        for interval, amount in prices.items():
            price_model.objects.create(
                plan=plan, interval=interval, unit_amount=amount, currency="eur"
            )


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [migrations.RunPython(add_plans, migrations.RunPython.noop)]
