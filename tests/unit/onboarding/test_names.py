"""Which names a workspace may have."""

from __future__ import annotations

import pytest

from public_apps.tenants import domains

GOOD = ["abc", "a-b", "sunny-court", "4you", "123", "a" * 40, "x-1-y"]

ODD = [
    "", "ab", "a" * 41, "-abc", "abc-", "a_b", "a b", "a.b", "ab\n", "über", "αθήνα", "xn--abc",
    "ab--cd", "\u0430\u0432\u0441", "a/b", "abc.", "t_0123", "%61bc", "\uff41\uff42\uff43",
]  # fmt: skip

RESERVED = ["www", "api", "admin", "mail", "app", "static", "billing", "support", "localhost"]

BRANDS = ["stripe", "my-stripe-shop", "newconcierge", "new-concierge-2", "paypal-help"]


@pytest.mark.parametrize("label", GOOD)
def test_a_plain_label_may_be_a_name(label: str) -> None:
    domains.check_label(label)


@pytest.mark.parametrize("label", [*ODD, *RESERVED, *BRANDS])
def test_an_odd_reserved_or_borrowed_label_may_not(label: str) -> None:
    with pytest.raises(domains.NotALabel):
        domains.check_label(label)
