from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OnboardingConfig(AppConfig):
    name = "public_apps.onboarding"
    label = "onboarding"
    verbose_name = _("Sign-ups")

    def ready(self) -> None:
        # They register how a mail is composed, who holds names, and what is erased.
        from public_apps.onboarding import erasure, subdomains, welcome  # noqa: F401
