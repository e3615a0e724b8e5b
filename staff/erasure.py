"""Passes of our support when the tenant is erased: that there was one stays, in whose name does not."""

from __future__ import annotations

from public_apps.tenants.offboarding_hooks import ErasureScope, erases
from staff.models import Impersonation


@erases("impersonations")
def impersonations(leaving: ErasureScope) -> int:
    """Take the person off each pass into the tenant, and what was written about the case."""
    passes = Impersonation.objects.filter(tenant=leaving.tenant)
    return passes.update(person_email="", reason="erased")
