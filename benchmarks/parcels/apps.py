from django.apps import AppConfig


class ParcelsConfig(AppConfig):
    name = "benchmarks.parcels"
    label = "parcels"
