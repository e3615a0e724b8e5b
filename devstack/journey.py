"""One customer from checkout to sign-in, through public doors only: HTTP, and mail that arrives."""

from __future__ import annotations

import html
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from devstack import mailbox
from devstack.visitor import Reply, Visitor

ORGANISATIONS = (
    "Sunny Court", "Olive Grove Residences", "Harbour View", "Lykavittos Terraces",
    "Aegean House", "Cypress Garden", "Plaka Lofts", "Three Pines",
)  # fmt: skip
FIRST_NAMES = ("Eleni", "Nikos", "Maria", "Giorgos", "Katerina", "Dimitris")
LAST_NAMES = ("Papadaki", "Georgiou", "Nikolaidi", "Vlachos", "Karras", "Antoniou")
READY_WITHIN = 90.0
MAIL_WITHIN = 60.0
SAMPLE_WITHIN = 180.0
SET_PASSWORD_LINK = re.compile(r"https?://[^\s<>\"]+/set-password/[^\s<>\"]+")
# The fields of our own page, and of the Next.js site's.
OWN_FIELDS, FRONTEND_FIELDS = ("password1", "password2"), ("password", "password_again")


class StepFailed(Exception):
    """A step of the journey did not do what it promises; `part` is whose log tells why."""

    def __init__(self, reason: str, *, part: str = "web") -> None:
        super().__init__(reason)
        self.part = part


@dataclass
class Customer:
    """Who buys, what they asked for, and what they have learnt on the way."""

    web_url: str
    mock_url: str
    mail_dir: Path
    frontend_url: str = ""
    organisation: str = field(default_factory=lambda: secrets.choice(ORGANISATIONS))
    first_name: str = field(default_factory=lambda: secrets.choice(FIRST_NAMES))
    last_name: str = field(default_factory=lambda: secrets.choice(LAST_NAMES))
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    subdomain: str = ""
    email: str = ""
    plan: dict[str, Any] = field(default_factory=dict)
    session_id: str = ""
    status_url: str = ""
    paid_at: float = 0.0
    workspace_url: str = ""
    set_password_url: str = ""
    token: str = ""

    def __post_init__(self) -> None:
        label = self.organisation.lower().replace(" ", "-")
        self.subdomain = f"{label}-{secrets.token_hex(2)}"
        self.email = f"{self.first_name.lower()}@{self.subdomain}.example"


def read_plans(customer: Customer) -> None:
    """See what is for sale, and choose: a plan that is paid at once, if there is one."""
    offered = _json(Visitor().get(f"{customer.web_url}/api/billing/plans/"), 200)
    plans = [plan for plan in offered if plan["prices"]]
    _expect(plans, "no price is at Stripe, so none is for sale: manage.py plans push")
    customer.plan = min(plans, key=lambda plan: (plan["trial_days"] > 0, _price(plan)))


def check_name(customer: Customer) -> None:
    """See that the wished name is free."""
    url = f"{customer.web_url}/api/billing/subdomains/{customer.subdomain}/"
    answer = _json(Visitor().get(url), 200)
    _expect(answer["available"] is True, f"{customer.subdomain} is not free: {answer['reason']}")


def check_out(customer: Customer) -> None:
    """Fill in the sign-up and get to the pay page."""
    order = {
        "organization": customer.organisation,
        "subdomain": customer.subdomain,
        "email": customer.email,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "plan": customer.plan["code"],
        "interval": "month",
    }
    answer = _json(Visitor().post_json(f"{customer.web_url}/api/billing/checkout/", order), 201)
    customer.session_id = answer["session_id"]
    customer.status_url = f"{customer.web_url}/api/billing/checkout/{customer.session_id}/"


def pay(customer: Customer) -> None:
    """Pay at the mock Stripe."""
    outcome = "trial" if customer.plan["trial_days"] else "paid"
    url = f"{customer.mock_url}/_control/sessions/{customer.session_id}/complete"
    customer.paid_at = time.monotonic()
    reply = Visitor().post_json(url, {"outcome": outcome})
    if reply.status >= 300:
        raise StepFailed(f"mock Stripe answered {_shown(reply)}", part="mock_stripe")


def wait_for_workspace(customer: Customer) -> None:
    """Watch the progress until the workspace is ready."""
    progress: dict[str, Any] = {}

    def ready() -> bool:
        progress.update(_json(Visitor().get(customer.status_url), 200))
        if progress["status"] in {"failed", "expired"}:
            raise StepFailed(f"the sign-up is {progress['status']}: {progress}", part="worker")
        return bool(progress["status"] == "ready")

    if not _within(READY_WITHIN, ready):
        raise StepFailed(f"not ready after {READY_WITHIN:.0f} s: {progress}", part="worker")
    customer.workspace_url = progress["workspace_url"].rstrip("/")


def receive_mail(customer: Customer) -> None:
    """Find the welcome mail and the link in it."""

    def arrived() -> bool:
        for mail in mailbox.mails_to(customer.email, folder=customer.mail_dir):
            if link := SET_PASSWORD_LINK.search(mailbox.plain_text(mail)):
                customer.set_password_url = link[0]
        return bool(customer.set_password_url)

    if not _within(MAIL_WITHIN, arrived):
        raise StepFailed(
            f"no welcome mail with a link for {customer.email} within {MAIL_WITHIN:.0f} s",
            part="worker",
        )


def choose_password(customer: Customer) -> None:
    """Follow the link and set a password on the page, ours or the Next.js site's."""
    site = customer.frontend_url or customer.workspace_url
    _expect(
        urlsplit(customer.set_password_url).netloc == urlsplit(site).netloc,
        f"the link {customer.set_password_url} is not on {site}",
    )
    once, again = FRONTEND_FIELDS if customer.frontend_url else OWN_FIELDS
    visitor = Visitor()
    page = _page(visitor.get(customer.set_password_url))
    values = {once: customer.password, again: customer.password}
    after = _page(visitor.submit(page, having=again, values=values))
    _expect(f'name="{again}"' not in after.text, f"the password was not taken at {after.url}")


def sign_in_by_page(customer: Customer) -> None:
    """Sign in on the tenant's own host, as a new visitor."""
    visitor = Visitor()
    page = _page(visitor.get(f"{customer.workspace_url}/accounts/login/"))
    values = {"login": customer.email, "password": customer.password}
    _page(visitor.submit(page, having="password", values=values))
    home = _page(visitor.get(f"{customer.workspace_url}/"))
    _expect(
        "/accounts/login" not in home.url and customer.organisation in html.unescape(home.text),
        f"after sign-in, {home.url} does not show {customer.organisation}",
    )


def sign_in_by_api(customer: Customer) -> None:
    """Sign in by the API of the tenant's own host, and be recognised by the token."""
    credentials = {"email": customer.email, "password": customer.password}
    url = f"{customer.workspace_url}/_allauth/app/v1/auth/login"
    customer.token = _json(Visitor().post_json(url, credentials), 200)["meta"]["session_token"]
    me = Visitor().get(f"{customer.workspace_url}/api/me/", headers=_bearer(customer))
    _expect(_json(me, 200)["email"] == customer.email, f"/api/me/ is not {customer.email}")


def fill_sample(customer: Customer) -> None:
    """Have the sample building made: 24 apartments and a year of their life."""
    api = f"{customer.workspace_url}/api"
    work = _json(Visitor().post_json(f"{api}/sample/", {}, headers=_bearer(customer)), 202)
    deadline = time.monotonic() + SAMPLE_WITHIN
    while work["status"] in {"waiting", "working"} and time.monotonic() < deadline:
        time.sleep(0.25)
        work = _json(Visitor().get(f"{api}/work/{work['id']}/", headers=_bearer(customer)), 200)
    made = Visitor().get(f"{api}/sample/", headers=_bearer(customer))
    _expect(made.status == 200, f"the sample building is not there: {work}")


@dataclass(frozen=True)
class Step:
    """One step: its key in `timings_ms`, its line on the screen, and what is done."""

    key: str
    title: str
    act: Callable[[Customer], None]
    since_payment: bool = False


STEPS = (
    Step("plans", "Plans read", read_plans),
    Step("subdomain", "Subdomain is free", check_name),
    Step("checkout", "Checkout created", check_out),
    Step("payment", "Paid at the mock Stripe", pay),
    Step("workspace", "Workspace ready, from payment", wait_for_workspace, since_payment=True),
    Step("welcome_mail", "Welcome mail received, from payment", receive_mail, since_payment=True),
    Step("set_password", "Password set by the link in the mail", choose_password),
    Step("sign_in_page", "Signed in on the tenant's own host", sign_in_by_page),
    Step("sign_in_api", "Signed in by the API", sign_in_by_api),
)


# Not part of the journey: what there is to look at afterwards.
SAMPLE = Step("sample", "A sample building of 24 apartments", fill_sample)


def take(step: Step, customer: Customer) -> float:
    """Do one step and return its time in seconds. Raises StepFailed."""
    started = time.monotonic()
    try:
        step.act(customer)
    except (OSError, LookupError, ValueError, TypeError) as error:
        # An answer of another shape than the contract's, or none: that is the step's failure too.
        raise StepFailed(f"{type(error).__name__}: {error}") from error
    return time.monotonic() - (customer.paid_at if step.since_payment else started)


def _bearer(customer: Customer) -> dict[str, str]:
    return {"Authorization": f"Bearer {customer.token}"}


def _price(plan: dict[str, Any]) -> int:
    amounts = [price["unit_amount"] for price in plan["prices"] if price["interval"] == "month"]
    return int(amounts[0])


def _json(reply: Reply, status: int) -> Any:
    _expect(reply.status == status, f"{reply.url} answered {_shown(reply)}")
    return reply.json()


def _page(reply: Reply) -> Reply:
    _expect(reply.status == 200, f"{reply.url} answered {_shown(reply)}")
    return reply


def _expect(held: object, otherwise: str) -> None:
    if not held:
        raise StepFailed(otherwise)


def _shown(reply: Reply) -> str:
    return f"{reply.status}: {reply.text[:500]}"


def _within(seconds: float, held: Callable[[], bool]) -> bool:
    """Ask until it holds: often at first, then at a pace that no rate limit minds."""
    started = time.monotonic()
    while not held():
        waited = time.monotonic() - started
        if waited >= seconds:
            return False
        time.sleep(0.02 if waited < 1 else 0.1 if waited < 5 else 0.5)
    return True
