"""Domains as people write them and as DNS knows them: what may be a tenant's own."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

import idna
from django.conf import settings
from django.utils.translation import gettext_lazy as _

LONGEST = 253
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# Never delegated, or only meant for machines in one place (RFC 6761, 6762, 7686, 8375, 9476).
NOT_PUBLIC = ("alt", "arpa", "internal", "invalid", "local", "localhost", "onion", "home.arpa")


class NotADomain(Exception):
    """The message says, for people, why this can't be a tenant's own domain."""


def read(text: str) -> str:
    """Return the host that somebody means, in lower case and punycode; raise `NotADomain`."""
    host = _ascii(text.strip().rstrip("."))
    labels = host.split(".")
    if len(labels) < 2 or len(host) > LONGEST or not all(map(LABEL.fullmatch, labels)):
        raise NotADomain(_("Write a whole domain, such as concierge.example.gr."))
    if _is_address(host) or labels[-1].isdigit():
        raise NotADomain(_("Write a domain, not an IP address."))
    if any(_is_at_or_below(host, special) for special in NOT_PUBLIC):
        raise NotADomain(_("This domain does not exist on the Internet."))
    if is_ours(host):
        raise NotADomain(_("This domain is ours. Your subdomain is there already."))
    return host


def display_name(host: str) -> str:
    """Return a host as its people write it: in their own script."""
    try:
        return idna.decode(host)
    except idna.IDNAError:
        return host


def is_ours(host: str) -> bool:
    """Whether a host is, is below, or holds one of our own: no tenant may ever have it."""
    ours = {settings.TENANT_BASE_DOMAIN, settings.CUSTOM_DOMAIN_TARGET, *settings.PUBLIC_HOSTS}
    ours |= {urlsplit(url).hostname or "" for url in (settings.SITE_URL, settings.FRONTEND_URL)}
    return any(_is_at_or_below(host, own) or _is_at_or_below(own, host) for own in ours if own)


def _ascii(text: str) -> str:
    try:
        return idna.encode(text, uts46=True, transitional=False).decode("ascii").lower()
    except idna.IDNAError as error:
        raise NotADomain(_("Write a whole domain, such as concierge.example.gr.")) from error


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_at_or_below(host: str, parent: str) -> bool:
    return host == parent or host.endswith(f".{parent}")
