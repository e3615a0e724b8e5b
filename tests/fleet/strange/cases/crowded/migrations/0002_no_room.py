from django.db import migrations

# As PostgreSQL says it, when one transaction has made so much.
FULL = """
DO $$ DECLARE held integer; BEGIN
    SELECT count(*) INTO held FROM pg_locks
    WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock';
    IF held > 20 THEN RAISE EXCEPTION 'out of shared memory' USING ERRCODE = '53200'; END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("strange", "0001_initial")]

    operations = [
        migrations.RunSQL(FULL, migrations.RunSQL.noop),
    ]
