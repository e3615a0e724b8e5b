from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    name = "public_apps.onboarding"
    label = "onboarding"

    def ready(self) -> None:
        # They register how a mail is composed, who holds names, and what is erased.
        from public_apps.onboarding import erasure, subdomains, welcome  # noqa: F401
