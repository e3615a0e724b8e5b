from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    name = "public_apps.onboarding"
    label = "onboarding"

    def ready(self) -> None:
        from public_apps.onboarding import welcome  # noqa: F401 - registers how its mail is composed
