from django.db import migrations


class Migration(migrations.Migration):
    """Take from our own role what an audit log must not suffer; see docs/decisions/audit.md."""

    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "REVOKE UPDATE, DELETE, TRUNCATE ON audit_entry FROM CURRENT_USER",
            "GRANT UPDATE, DELETE, TRUNCATE ON audit_entry TO CURRENT_USER",
        )
    ]
