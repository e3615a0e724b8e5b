from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("parcels", "0001_initial")]

    operations = [
        migrations.AddField("parcel", "shelf", models.CharField(max_length=10, default="")),
    ]
