"""Settings about DNS: whom to ask, and where customers' own domains lead."""

from __future__ import annotations

import ipaddress
import re

import environ

from config.env import HOST, UnsafeSetting, text, word_list


def resolvers(env: environ.Env) -> tuple[str, ...]:
    """Return the DNS servers to ask, as `address` or `IPv4:port`; none means the system's own."""
    given = word_list(env, "DNS_RESOLVERS")
    for each in given:
        if not _is_server(each):
            raise UnsafeSetting(
                f"DNS_RESOLVERS holds {each!r}: write IP addresses, an IPv4 one maybe with :port."
            )
    return given


def domain_target(env: environ.Env, *, base: str) -> str:
    """Return the host to which customers point their own domains with a CNAME."""
    target = text(env, "CUSTOM_DOMAIN_TARGET").lower() or base
    if not HOST.fullmatch(target):
        raise UnsafeSetting(
            f"CUSTOM_DOMAIN_TARGET is {target!r}: set a plain host name, such as example.com."
        )
    return target


def _is_server(written: str) -> bool:
    ported = re.fullmatch(r"([0-9.]+):(\d{1,5})", written)
    address, port = ported.groups() if ported else (written, "53")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return 0 < int(port) < 65536
