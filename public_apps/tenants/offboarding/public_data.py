"""What tenants' own room and core keep in public about people, erased on a tenant's departure."""

from __future__ import annotations

from django.db.models import Q

from public_apps.core.models import IdempotentRequest, OutgoingMail
from public_apps.tenants.archives import exports as asking
from public_apps.tenants.custom_domains import claims
from public_apps.tenants.models import AccessChange, Departure, DomainClaim, Export, Tenant
from public_apps.tenants.offboarding import departures, retention
from public_apps.tenants.offboarding_hooks import ErasureScope, erases


@erases("tenant")
def tenant_row(leaving: ErasureScope) -> int:
    """Take the names off the tenant's row, which stays for its invoices."""
    emptied: int = Tenant.objects.filter(pk=leaving.tenant.pk).update(name="", owner_email="")
    return emptied


@erases("access_changes")
def access_changes(leaving: ErasureScope) -> int:
    """Forget who let in and who suspended."""
    by_people = AccessChange.objects.filter(tenant=leaving.tenant, cause__contains="@")
    return by_people.update(cause="erased")


@erases("domain_claims")
def domain_claims(leaving: ErasureScope) -> int:
    """Forget claims to domains with their mails; what was served is freed after its quarantine."""
    theirs = DomainClaim.objects.filter(tenant=leaving.tenant)
    for claim in theirs:
        OutgoingMail.objects.filter(kind=claims.FAILING, key__startswith=f"{claim.pk}:").delete()
    return theirs.delete()[0]


@erases("exports")
def exports(leaving: ErasureScope) -> int:
    """Forget who had an archive made, and the mails about it; the archives go with the vault's."""
    theirs = Export.objects.filter(tenant=leaving.tenant)
    keys = [str(pk) for pk in theirs.values_list("pk", flat=True)]
    OutgoingMail.objects.filter(kind=asking.READY, key__in=keys).delete()
    return theirs.delete()[0]


@erases("mails")
def mails(leaving: ErasureScope) -> int:
    """Delete mails of this tenant, and finished ones to its people.

    What still waits for them may be another workspace's, in which they are, too.
    """
    is_over = ~Q(sent_at=None, failed_at=None, unwanted_at=None)
    to_them = Q(to__in=leaving.addresses) & is_over
    of_it = Q(key__startswith=f"{leaving.tenant.schema_name}:")
    for departure in Departure.objects.filter(tenant=leaving.tenant):
        of_it |= Q(kind=departures.ASKED, key=str(departure.pk))
        of_it |= Q(kind=retention.NOTICE, key__startswith=f"{departure.pk}:")
    return OutgoingMail.objects.filter(to_them | of_it).delete()[0]


@erases("requests")
def requests(leaving: ErasureScope) -> int:
    """Delete remembered requests, whose answers hold what people typed."""
    scope = f"{leaving.tenant.schema_name}:"
    return IdempotentRequest.objects.filter(scope__startswith=scope).delete()[0]
