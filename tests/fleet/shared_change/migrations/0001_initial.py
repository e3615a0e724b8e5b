from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [migrations.RunSQL("ALTER TABLE tenants_tenant ADD COLUMN mood varchar(9) NULL")]
