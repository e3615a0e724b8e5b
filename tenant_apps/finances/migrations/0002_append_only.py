from django.db import migrations


def _append_only(table: str) -> list[migrations.RunSQL]:
    """One statement each: Citus takes no more at once."""
    return [
        migrations.RunSQL(
            f"REVOKE UPDATE, TRUNCATE ON {table} FROM CURRENT_USER",
            f"GRANT UPDATE, TRUNCATE ON {table} TO CURRENT_USER",
        ),
        # PostgreSQL's own check of a foreign key locks these rows, which takes the right to change
        # some column: that of the key, which holds nothing.
        migrations.RunSQL(
            f"GRANT UPDATE (id) ON {table} TO CURRENT_USER",
            f"REVOKE UPDATE (id) ON {table} FROM CURRENT_USER",
        ),
    ]


class Migration(migrations.Migration):
    """Take from our own role the right to change what was booked or shared; see docs/decisions/ledger.md.

    Deleting stays possible, for a sample building: foreign keys keep all other rows in place.
    """

    dependencies = [("finances", "0001_initial")]

    operations = [*_append_only("finances_line"), *_append_only("finances_share")]
