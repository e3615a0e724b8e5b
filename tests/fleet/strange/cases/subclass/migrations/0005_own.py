from django.db import migrations, models


class Greeting(migrations.AddField):
    """Adds a column, and a row that Django would not add."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """Add both."""
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        to_state.apps.get_model(app_label, "A").objects.create(name="hello", own=3)


class Migration(migrations.Migration):
    dependencies = [("strange", "0004_n2")]

    operations = [
        Greeting(model_name="a", name="own", field=models.IntegerField(null=True)),
    ]
