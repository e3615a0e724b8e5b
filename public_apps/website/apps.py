from django.apps import AppConfig


class WebsiteConfig(AppConfig):
    name = "public_apps.website"
    label = "website"
