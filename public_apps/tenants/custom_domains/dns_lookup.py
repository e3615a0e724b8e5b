"""Asking DNS whether a domain is a tenant's, and whether it leads to us."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
from django.conf import settings

from public_apps.tenants.models import DnsProblem

# Seconds for one question, all resolvers and repetitions together.
PATIENCE = 4.0
PROOF_LABEL = "_new-concierge"
DNS_PORT = 53
NOTHING = (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer)


class NoAnswer(Exception):
    """DNS could not be asked: that says nothing about the domain."""


def proof_host(host: str) -> str:
    """Return the name at which the TXT record is expected."""
    return f"{PROOF_LABEL}.{host}"


def proof(token: str) -> str:
    """Return what the TXT record must say."""
    return f"new-concierge={token}"


def problem_of(host: str, *, token: str) -> DnsProblem:
    """Return what DNS lacks for this domain to be served, or `Problem.NONE`."""
    try:
        if proof(token) not in _texts(proof_host(host)):
            return DnsProblem.NO_PROOF
        return DnsProblem.NONE if _leads_here(host) else DnsProblem.NOT_HERE
    except NoAnswer:
        return DnsProblem.NO_ANSWER


def _leads_here(host: str) -> bool:
    """Whether the domain is an alias of our target, or (at an apex) shares an address with it."""
    target = settings.CUSTOM_DOMAIN_TARGET
    if target in _aliases(host):
        return True
    return bool(_addresses(host) & _addresses(target))


def _aliases(host: str) -> set[str]:
    answer = _ask(host, "CNAME")
    return {_plain(record.target) for record in answer or ()}


def _texts(host: str) -> set[str]:
    answer = _ask(host, "TXT")
    return {b"".join(record.strings).decode("ascii", "replace") for record in answer or ()}


def _addresses(host: str) -> set[str]:
    return {record.address for kind in ("A", "AAAA") for record in _ask(host, kind) or ()}


def _ask(host: str, kind: str) -> dns.resolver.Answer | None:
    """Return the records of a name, or None if there are none; raises `NoAnswer`."""
    try:
        return _resolver().resolve(dns.name.from_text(host), kind, lifetime=PATIENCE)
    except NOTHING:
        return None
    except dns.exception.DNSException as error:
        raise NoAnswer(str(error)) from error


def _resolver() -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=not settings.DNS_RESOLVERS)
    if settings.DNS_RESOLVERS:
        resolver.nameservers = list(_servers(settings.DNS_RESOLVERS))
    return resolver


def _servers(written: tuple[str, ...]) -> Iterator[dns.nameserver.Nameserver]:
    for each in written:
        try:
            address, port = str(ipaddress.ip_address(each)), DNS_PORT
        except ValueError:  # an IPv4 address with a port; the settings have seen to that
            address, _colon, text = each.rpartition(":")
            port = int(text)
        yield dns.nameserver.Do53Nameserver(address, port)


def _plain(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
