from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("hasty", "0010_model_of_today")]

    operations = [
        migrations.DeleteModel("Stay"),
    ]
