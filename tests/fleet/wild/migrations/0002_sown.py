from django.db.migrations import Migration as Base
from django.db.migrations.operations.base import Operation


class Sow(Operation):
    """Plants what is asked for, as only it knows how."""

    reduces_to_sql = True
    reversible = False

    def state_forwards(self, app_label, state):
        """Leave the models as they are."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        """Write one row into the tenant's own table."""
        herb = from_state.apps.get_model(app_label, "Herb")
        herb.objects.create(name="thyme")


class Migration(Base):
    dependencies = [("wild", "0001_initial")]

    operations = [Sow()]
