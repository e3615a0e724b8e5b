from django.db import migrations

# As `accounts.hashed_sessions` makes them: whoever is signed in stays so.
KEYS = (
    "UPDATE {} SET session_key = left(encode(sha256(session_key::bytea), 'hex'), 40)"
    " WHERE length(session_key) < 40"
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_people"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(KEYS.format("django_session"), migrations.RunSQL.noop),
        migrations.RunSQL(KEYS.format("usersessions_usersession"), migrations.RunSQL.noop),
    ]
