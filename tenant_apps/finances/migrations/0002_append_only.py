from django.db import migrations


class Migration(migrations.Migration):
    """Take from our own role the right to change what was booked or shared; see docs/decisions/ledger.md.

    Deleting stays possible, for a sample building: the tables that lines and shares point to hold them.
    """

    dependencies = [("finances", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "REVOKE UPDATE, TRUNCATE ON finances_line FROM CURRENT_USER",
            "GRANT UPDATE, TRUNCATE ON finances_line TO CURRENT_USER",
        ),
        migrations.RunSQL(
            "REVOKE UPDATE, TRUNCATE ON finances_share FROM CURRENT_USER",
            "GRANT UPDATE, TRUNCATE ON finances_share TO CURRENT_USER",
        ),
    ]
