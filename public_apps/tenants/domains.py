"""Addresses of tenants: what a subdomain may be called, which are taken, and what URLs look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.dispatch import Signal
from django.utils.translation import gettext_lazy as _

from public_apps.tenants.models import Domain, Tenant

# RFC 1123 label, 3 to 40 characters, ASCII. No "xn--": a label that reads as another script deceives.
LABEL = re.compile(r"(?!..--)[a-z0-9](?:[a-z0-9-]{1,38})[a-z0-9]")
RESERVED = frozenset(
    """
    about abuse account accounts admin administrator api app apps assets auth autoconfig
    autodiscover billing blog calendar cdn checkout cloud contact dashboard demo dev dns docs
    download email example files ftp git help host hostmaster imap info internal invoice invoices
    legal localhost login logout mail media metrics mobile monitor news noreply ns1 ns2 ops pay
    payment payments pop pop3 portal postmaster preview pricing private public register root sales
    secure security server shop sign-in signin signup smtp sso staff stage staging static stats
    status store support system team test tests tls tools upload uploads user users vpn webhook
    webhooks webmail wiki www www1 www2
    """.split()  # noqa: SIM905 - a list of words, read as one
)
BRANDS = ("new-concierge", "newconcierge", "stripe", "paypal", "google", "railway", "vercel")


Holder = Callable[[str, Tenant | None], bool]
_holders: list[Holder] = []
# Sent with `hosts` that no tenant has any more, in the transaction that let them go.
given_back = Signal()


class NotALabel(Exception):
    """The message says, for people, why this can't be a subdomain."""


class DomainTaken(Exception):
    """Another tenant answers at this host."""


def check_label(label: str) -> None:
    """Raise `NotALabel` unless this may be a tenant's subdomain."""
    if not LABEL.fullmatch(label):
        raise NotALabel(_("Use 3 to 40 letters (a-z), digits and hyphens, none at the ends."))
    if label in RESERVED:
        raise NotALabel(_("This name is reserved."))
    if any(brand in label for brand in BRANDS):
        raise NotALabel(_("This name contains a protected brand."))


def host_of(label: str) -> str:
    """Return the host of a subdomain."""
    return f"{label}.{settings.TENANT_BASE_DOMAIN}"


def label_of(host: str) -> str:
    """Return the subdomain of one of our hosts, or an empty string for any other host."""
    label, _dot, rest = host.partition(".")
    return label if rest == settings.TENANT_BASE_DOMAIN else ""


def is_taken(label: str) -> bool:
    """Whether a tenant answers at this subdomain."""
    taken: bool = Domain.objects.filter(domain=host_of(label)).exists()
    return taken


def holds(holder: Holder) -> Holder:
    """Register who else may hold a subdomain, for others than a given tenant."""
    _holders.append(holder)
    return holder


def is_held(label: str, *, by_other_than: Tenant | None = None) -> bool:
    """Whether somebody who has no tenant yet, or has another one, holds this subdomain."""
    return any(holder(label, by_other_than) for holder in _holders)


def give_back(hosts: Iterable[str]) -> None:
    """Tell whoever holds names that these are free. Call it in the transaction that freed them."""
    given_back.send(Domain, hosts=list(hosts))


def url_of(tenant: Tenant, path: str = "/") -> str:
    """Return an absolute URL at the tenant's own primary host."""
    return url_at(tenant.primary_domain, path)


def url_at(host: str, path: str) -> str:
    """Return an absolute URL at one of the hosts that we serve."""
    scheme = urlsplit(settings.SITE_URL).scheme
    return f"{scheme}://{host}{_port()}{path}"


def display_base() -> str:
    """Return what follows a subdomain in a browser's address line."""
    return f"{settings.TENANT_BASE_DOMAIN}{_port()}"


def _port() -> str:
    port = urlsplit(settings.SITE_URL).port
    return f":{port}" if port else ""


def ensure_primary(tenant: Tenant, *, label: str) -> Domain:
    """Return the tenant's primary domain, made from `label` on the first call.

    Raises `DomainTaken` if another tenant answers there; safe to call again.
    """
    existing: Domain | None = tenant.domains.filter(is_primary=True).first()
    if existing is not None:
        return existing
    domain: Domain
    domain, _created = Domain.objects.get_or_create(
        domain=host_of(label), defaults={"tenant": tenant, "is_primary": True}
    )
    if domain.tenant_id != tenant.pk:
        raise DomainTaken(domain.domain)
    return domain


def subdomain_of(tenant: Tenant) -> Domain | None:
    """Return the tenant's present subdomain, whichever of its addresses is the first."""
    present: Domain | None = (
        tenant.domains.filter(domain__endswith=f".{settings.TENANT_BASE_DOMAIN}", retires_at=None)
        .order_by("-is_primary", "-pk")
        .first()
    )
    return present


@transaction.atomic
def put_first(domain: Domain) -> None:
    """Make a tenant's domain its first one. Call it with the tenant's row locked."""
    of_tenant = Domain.objects.filter(tenant=domain.tenant_id)
    of_tenant.filter(is_primary=True).exclude(pk=domain.pk).update(is_primary=False)
    of_tenant.filter(pk=domain.pk).update(is_primary=True)
    domain.is_primary = True


def step_back(tenant: Tenant, *, host: str) -> None:
    """Make the subdomain the first address again, if `host` is it now."""
    if tenant.primary_domain != host:
        return
    subdomain = subdomain_of(tenant)
    if subdomain is not None and subdomain.domain != host:
        put_first(subdomain)
