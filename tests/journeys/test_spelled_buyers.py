"""Buyers whose keyboards spell their address in another way: what they pay for arrives."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable

import pytest

from tests.customer import PASSWORD, Order, Shop, Workspace, until

# What is typed, where the mail arrives.
SPELLINGS: dict[str, tuple[Callable[[str], str], Callable[[str], str]]] = {
    "decomposed": (
        lambda name: unicodedata.normalize("NFD", f"{name}@παράδειγμα.gr"),
        lambda name: f"{name}@xn--hxajbheg2az3al.gr",
    ),
    "with a kelvin sign": (
        lambda name: f"\u212aate-{name}@example.com",
        lambda name: f"kate-{name}@example.com",
    ),
    "full width, with a mark behind": (
        lambda name: f"{name}\uff20\uff45xample.com\u200e",
        lambda name: f"{name}@example.com",
    ),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_buyer_gets_the_welcome_mail_and_signs_in(shop: Shop, spelling: str) -> None:
    name = f"info{secrets.token_hex(4)}"
    typed, arrives = (spell(name) for spell in SPELLINGS[spelling])
    bought = shop.buy(Order(email=typed))
    until(lambda: shop.mails_to(arrives))
    mine = Workspace(shop, Order(subdomain=bought.order.subdomain, email=arrives), "", bought.url)
    mine.set_password()
    for email in {arrives, unicodedata.normalize("NFKC", typed)}:
        body = {"email": email, "password": PASSWORD}
        answer = mine.request("POST", "/_allauth/app/v1/auth/login", json=body)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("typed", ["ελένη@court.example", "\u0131brahim@court.example", "a b@c.gr"])
def test_a_buyer_who_cannot_be_mailed_is_told_so_before_paying(shop: Shop, typed: str) -> None:
    order = Order(email=typed)
    answer = shop.order(order)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["email"]
    assert shop.order(Order(subdomain=order.subdomain)).status_code == 201, "the name is not held"
