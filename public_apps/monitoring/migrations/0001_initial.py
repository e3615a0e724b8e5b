import django.contrib.postgres.fields
import django.utils.timezone
from django.db import migrations, models


def make_missing_table(apps, schema_editor):
    incident = apps.get_model("monitoring", "Incident")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", ["public.billing_incident"])
        (found,) = cursor.fetchone()
    if found is None:
        schema_editor.create_model(incident)


class Migration(migrations.Migration):
    """These tables are there, made by billing and core: the models move, no row does.

    Billing says itself that its migrations come before (`run_before`): whoever is without it starts
    with a table of incidents that is made here.
    """

    initial = True

    dependencies = [("core", "0008_mail_waiting")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Incident",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("kind", models.CharField(max_length=40, verbose_name="kind")),
                        (
                            "subject",
                            models.CharField(blank=True, max_length=120, verbose_name="subject"),
                        ),
                        (
                            "opened_at",
                            models.DateTimeField(
                                default=django.utils.timezone.now, verbose_name="first seen"
                            ),
                        ),
                        (
                            "seen_at",
                            models.DateTimeField(
                                default=django.utils.timezone.now, verbose_name="last seen"
                            ),
                        ),
                        (
                            "closed_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="over"),
                        ),
                        ("lines", models.JSONField(default=list, verbose_name="findings")),
                    ],
                    options={
                        "verbose_name": "incident",
                        "verbose_name_plural": "incidents",
                        "db_table": "billing_incident",
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("closed_at__isnull", True)),
                                fields=("kind", "subject"),
                                name="one_open_incident_per_subject",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MetricTotal",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("name", models.CharField(max_length=80)),
                        ("labels", models.CharField(max_length=300)),
                        ("count", models.BigIntegerField(default=0)),
                        ("seconds", models.FloatField(default=0)),
                        (
                            "buckets",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), default=list, size=None
                            ),
                        ),
                    ],
                    options={
                        "db_table": "core_measurement",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("name", "labels"), name="one_measurement_per_labels"
                            )
                        ],
                    },
                ),
            ],
        ),
        migrations.RunPython(make_missing_table, migrations.RunPython.noop),
    ]
