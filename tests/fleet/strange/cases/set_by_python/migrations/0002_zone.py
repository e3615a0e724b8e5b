from django.db import migrations


def travel(apps, schema_editor):
    """Live elsewhere for a while."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT set_config('TimeZone', 'Asia/Tokyo', true)")


class Migration(migrations.Migration):
    dependencies = [("strange", "0001_initial")]

    operations = [
        migrations.RunPython(travel, migrations.RunPython.noop),
    ]
