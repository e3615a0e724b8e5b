from django.apps import AppConfig


class VotesConfig(AppConfig):
    name = "tenant_apps.votes"
    label = "votes"
