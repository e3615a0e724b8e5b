from django.contrib.contenttypes.models import ContentType as ContentTypeOfToday
from django.db import migrations


def plant(apps, schema_editor):
    plant = apps.get_model("orchard", "Plant")
    content_type = apps.get_model("contenttypes", "ContentType")
    for number in range(5):
        plant.objects.create(name=f"plant {number}", row=number)
    # What managers remember from one schema must not come up in the next.
    of_plants = content_type.objects.get_for_model(plant)
    basket = apps.get_model("orchard", "Basket")
    basket.objects.create(tree=plant.objects.first(), weight=of_plants.pk % 100)
    ContentTypeOfToday.objects.clear_cache()


class Migration(migrations.Migration):
    dependencies = [("orchard", "0002_plants")]

    operations = [migrations.RunPython(plant, migrations.RunPython.noop)]
