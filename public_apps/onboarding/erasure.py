"""A sign-up when its tenant is erased: what was ordered and when stays, who ordered it does not."""

from __future__ import annotations

from public_apps.core.models import OutgoingMail
from public_apps.onboarding import welcome
from public_apps.onboarding.models import Signup
from public_apps.onboarding.signup import PERSONAL
from public_apps.tenants.offboarding_hooks import ErasureScope, erases


@erases("signup")
def signup(leaving: ErasureScope) -> int:
    """Take the people off a sign-up, and delete its welcome mails."""
    for pk in Signup.objects.filter(tenant=leaving.tenant).values_list("pk", flat=True):
        OutgoingMail.objects.filter(kind=welcome.KIND, key__startswith=f"{pk}:").delete()
    return Signup.objects.filter(tenant=leaving.tenant).update(
        **dict.fromkeys(PERSONAL, ""),
        checkout_url="",
        idempotency_key=None,
        request_fingerprint="",
        failure="",
    )
