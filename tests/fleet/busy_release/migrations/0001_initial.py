from django.db import migrations, models


class Migration(migrations.Migration):
    """Both tables are read or written by each request of the traffic."""

    initial = True
    dependencies = [("accounts", "0002_people"), ("announcements", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(primary_key=True)),
                ("people", models.IntegerField()),
            ],
        ),
        migrations.RunSQL("ALTER TABLE accounts_user ADD COLUMN shoes integer NULL"),
        migrations.RunSQL(
            "ALTER TABLE announcements_announcement"
            " ADD COLUMN colour varchar(9) DEFAULT 'plain' NOT NULL"
        ),
        migrations.RunSQL(
            "CREATE INDEX announcements_by_colour ON announcements_announcement (colour)"
        ),
    ]
