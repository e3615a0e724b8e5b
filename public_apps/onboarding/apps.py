from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    name = "public_apps.onboarding"
    label = "onboarding"

    def ready(self) -> None:
        # They register how a mail is composed, and who holds names.
        from public_apps.onboarding import subdomains, welcome  # noqa: F401
