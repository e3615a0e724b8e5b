"""Honest people in the fire: buyers, owners at work, readers of prices. Each answer is written down."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import requests

from devstack import mailbox
from tests.campaigns.records import Answer, Purchase
from tests.customer import LINK, PASSWORD, Order, Shop

ANSWER_SECONDS = 30.0  # as a browser's user, or a frontend's server, waits at most
PAUSE_SECONDS = 1.0
# A twin of ours is still at work, says 409: so long the same key is tried, then a new order is made.
PATIENCE_WITH_A_KEY = 15.0
CHECKOUT = "/api/billing/checkout/"
# 409: the twin of a request whose answer was lost.
ORDERED = frozenset({201, 409})
WELL = frozenset({200})
IS_PAID = "(payment_status paid)"  # as the mock Stripe refuses to take the money twice


@dataclass
class Log:
    """Answers of all clients, who write from many threads."""

    answers: list[Answer] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)  # everybody goes home
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def add(self, answer: Answer) -> None:
        """Write one down."""
        with self._guard:
            self.answers.append(answer)


@dataclass
class Client:
    """Somebody at an address of their own, behind the one proxy that we believe."""

    shop: Shop
    log: Log
    address: str

    def ask(
        self,
        method: str,
        path: str,
        *,
        called: str = "",
        well: Collection[int] = WELL,
        host: str = "localhost",
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> requests.Response | None:
        """Send one request; return its answer, or None if there was none."""
        began = time.time()
        answer: requests.Response | None = None
        why = ""
        try:
            answer = requests.request(
                method,
                f"{self.shop.url}{path}",
                headers={"Host": host, "X-Forwarded-For": self.address, **(headers or {})},
                json=body,
                timeout=ANSWER_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            why = type(error).__name__
        status = None if answer is None else answer.status_code
        if answer is not None and status not in WELL:
            why = _said(answer)
        self.log.add(
            Answer(
                asked=f"{method} {called or path}",
                began=began,
                ended=time.time(),
                status=status,
                fine=status in well,
                why=why,
            )
        )
        return answer


@dataclass
class Buyer(Client):
    """Orders a workspace, pays, and watches until it is there; goes on whatever is answered."""

    purchase: Purchase

    def buy(self) -> None:
        """Do all of it, until everybody goes home."""
        while not self.purchase.session_id and not self.log.over.is_set():
            self._order(str(uuid.uuid4()))
        if self.purchase.session_id:
            self._pay()
            self._watch()

    def _order(self, key: str) -> None:
        """Order under one key, as often as needs be."""
        wish = Order(subdomain=self.purchase.subdomain, email=self.purchase.email)
        deadline = time.monotonic() + PATIENCE_WITH_A_KEY
        while not self.log.over.wait(0 if not self.purchase.told else PAUSE_SECONDS):
            answer = self.ask(
                "POST", CHECKOUT, well=ORDERED, headers={"Idempotency-Key": key}, body=wish.__dict__
            )
            if answer is not None and answer.status_code == 201:
                self.purchase.session_id = str(answer.json()["session_id"])
                self.purchase.told = ""
                return
            self.purchase.told = _said(answer)
            if answer is not None and answer.status_code < 500 and time.monotonic() > deadline:
                return

    def _pay(self) -> None:
        paid_at = time.time()
        while self.purchase.paid_at is None and not self.log.over.is_set():
            path, outcome = f"sessions/{self.purchase.session_id}/complete", {"outcome": "paid"}
            try:
                done = self.shop.control(path, outcome)
            except requests.RequestException as error:  # whether it is paid tells the next try
                self.purchase.told = f"at Stripe: {type(error).__name__}"
            else:
                self.purchase.told = "" if done.ok else f"at Stripe: {done.text[:200]}"
                if done.ok or IS_PAID in done.text:
                    self.purchase.paid_at = paid_at
                    return
            self.log.over.wait(PAUSE_SECONDS)

    def _watch(self) -> None:
        path = f"{CHECKOUT}{self.purchase.session_id}/"
        while not self.log.over.is_set():
            answer = self.ask("GET", path, called=f"{CHECKOUT}<session>/")
            if answer is not None and answer.ok and answer.json()["status"] == "ready":
                return
            self.log.over.wait(PAUSE_SECONDS)


@dataclass
class Owner(Client):
    """Owns a workspace, signs in there and works."""

    purchase: Purchase
    token: str = ""

    def sign_in(self, mail: EmailMessage, host: str) -> bool:
        """Follow the mail's link, choose a password, sign in; whether the workspace knows us then."""
        key = LINK.search(mailbox.plain_text(mail))
        if key is None:
            return self._refused("the mail has no link")
        paths = "/_allauth/app/v1/auth/"
        # 401: the password is set, and nobody is signed in yet.
        chosen = {"key": key[1], "password": PASSWORD}
        self.ask("POST", f"{paths}password/reset", well={200, 401}, host=host, body=chosen)
        credentials = {"email": self.purchase.email, "password": PASSWORD}
        answer = self.ask("POST", f"{paths}login", host=host, body=credentials)
        if answer is None or not answer.ok:
            return self._refused(_said(answer))
        self.token = str(answer.json()["meta"]["session_token"])
        me = self.ask("GET", "/api/me/", host=host, headers=self._bearer())
        if me is None or not me.ok or me.json()["email"] != self.purchase.email:
            return self._refused(_said(me))
        return True

    def work(self, host: str) -> None:
        """Look after the workspace until everybody goes home."""
        while not self.log.over.wait(PAUSE_SECONDS):
            for path in ("/api/me/", "/api/buildings/"):
                self.ask("GET", path, host=host, headers=self._bearer())

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def _refused(self, told: str) -> bool:
        self.purchase.told = told
        return False


@dataclass
class Reader(Client):
    """Reads what anybody may."""

    def read(self) -> None:
        """Look at the prices until everybody goes home."""
        while not self.log.over.wait(PAUSE_SECONDS):
            for path in ("/", "/api/billing/plans/"):
                self.ask("GET", path)


def addresses(number: int) -> str:
    """Return the address of that person, another one for each of 60,000."""
    return f"10.20.{number // 250 % 250}.{number % 250 + 1}"


def _said(answer: requests.Response | None) -> str:
    if answer is None:
        return "no answer"
    try:
        problem: Any = answer.json()
        return f"{answer.status_code} {problem.get('title', '')}: {problem.get('detail', '')}"[:200]
    except (ValueError, AttributeError):
        return f"{answer.status_code} {answer.reason}"
