from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("hasty", "0008_unique")]

    operations = [
        migrations.AlterField("stay", "purpose", models.CharField(max_length=80, default="")),
    ]
