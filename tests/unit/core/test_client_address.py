"""Whose request it is: what a frontend's server hands on counts, what anybody else claims doesn't."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import RequestFactory, override_settings

from public_apps.core.client_address import ClientAddressMiddleware, network_of

OLD, NEW = "old-" + "x" * 36, "new-" + "y" * 36


def handed_on(visitor: str, secret: str = NEW) -> dict[str, str]:
    """Return what a frontend's server adds to a call that it makes for a visitor."""
    return {"X-Frontend-Secret": secret, "X-Visitor-Address": visitor}


@pytest.mark.parametrize(
    ("told", "forwarded", "proxies", "address"),
    [
        ("203.0.113.1", "192.0.2.1", 1, "203.0.113.1"),
        ("203.0.113.1:4711", "192.0.2.1", 1, "203.0.113.1"),
        ("2001:db8:1:2::9", "192.0.2.1", 1, "2001:db8:1:2::9"),
        ("[2001:db8:1:2::9]:443", "192.0.2.1", 1, "2001:db8:1:2::9"),
        ("::ffff:203.0.113.1", "192.0.2.1", 1, "203.0.113.1"),
        ("fe80::1%eth0", "192.0.2.1", 1, "fe80::1"),
        ("203.0.113.1, 203.0.113.2", "192.0.2.1", 1, "192.0.2.1"),
        ("", "10.0.0.1, 192.0.2.1", 1, "192.0.2.1"),
        ("", "10.0.0.1, 192.0.2.1", 2, "10.0.0.1"),
        ("", "192.0.2.1", 2, "192.0.2.1"),
        ("", "nonsense", 1, "127.0.0.1"),
        ("", "192.0.2.1", 0, "127.0.0.1"),
    ],
)
def test_the_address_is_read_from_whoever_is_believed(
    told: str, forwarded: str, proxies: int, address: str
) -> None:
    request = RequestFactory().get("/", headers={**handed_on(told), "X-Forwarded-For": forwarded})
    with override_settings(FRONTEND_SECRETS=(OLD, NEW), TRUSTED_PROXIES=proxies):
        ClientAddressMiddleware(lambda _request: None)(request)  # type: ignore[arg-type,return-value]
    assert request.META["REMOTE_ADDR"] == address
    assert not [name for name in request.META if "FORWARDED" in name or "SECRET" in name]


def test_a_household_of_ipv6_counts_as_one(rf: RequestFactory) -> None:
    networks = {
        network_of(rf.get("/", REMOTE_ADDR=address))
        for address in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9")
    }
    assert networks == {"2001:db8:1:2::/64"}
    assert network_of(rf.get("/", REMOTE_ADDR="192.0.2.1")) == "192.0.2.1"
    assert settings.REST_FRAMEWORK["NUM_PROXIES"] == 0
