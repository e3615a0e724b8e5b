from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("strange", "0001_initial")]

    operations = [
        migrations.RunSQL("SET LOCAL TIME ZONE 'Asia/Tokyo'"),
    ]
