"""Every address that can be opened is opened, by somebody who may see everything: none breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from uuid import uuid4

import requests
from django.apps import apps
from django.core import signing
from django.urls import URLPattern, URLResolver, get_resolver

from billing import pay_links
from public_apps.accounts import password_links
from public_apps.core.models import SuppressedAddress
from public_apps.core.schema_context import inside
from tests.core.web_stack import PASSWORD, HttpClient, WebStack, person_of
from tests.staff.desk import TOKEN, colleague, signed_in
from tests.tenant_api.sample_workspace import SampleWorkspace, furnished

PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
FIRST_ROWS = tuple(map(str, range(1, 9)))  # a new workspace numbers its rows from one
VERBS = ("activate", "deactivate", "make-owner", "remove", "resend", "revoke", "role", "sign-out")
# What is there only for what no sample workspace has: a second factor, a wish to leave, an archive in
# the store, a link that still works, a credit note.
NOT_FOUND: frozenset[str] = frozenset(
    {
        "accounts/2fa/recovery-codes/", "accounts/2fa/recovery-codes/download/",
        "accounts/2fa/totp/deactivate/", "api/deletion/",
        "billing/credit-notes/<str:credit_note_id>/pdf/", "settings/export/archive/",
        "settings/export/link/",
    }
)  # fmt: skip


# Stripe is out of reach on this stack, and that is what it says.
ASKS_STRIPE = {"api/invoices/<str:pk>/links/": {502}}


def _routes(urlconf: str) -> Iterator[tuple[str, URLPattern]]:
    return _below(get_resolver(urlconf), "")


def _below(resolver: URLResolver, before: str) -> Iterator[tuple[str, URLPattern]]:
    for each in resolver.url_patterns:
        route = f"{before}{each.pattern}"
        if isinstance(each, URLResolver):
            yield from _below(each, route)
        else:
            yield route, each


def _filled(route: str, known: Mapping[str, Sequence[object]]) -> Iterator[str]:
    """Yield the route with every combination of what is known for its parameters."""
    places = PARAMETER.findall(route)
    template = "/" + PARAMETER.sub("{}", route)
    for values in product(*(known.get(name) or known[kind] for kind, name in places)):
        yield template.format(*values)


def _signed_in(http_client: HttpClient, sample_workspace: SampleWorkspace) -> requests.Session:
    browser = requests.Session()
    browser.headers.update({"Host": sample_workspace.host, "X-Forwarded-For": http_client.address})
    page = browser.get(f"{http_client.url}/accounts/login/", timeout=60)
    found = TOKEN.search(page.text)
    assert found
    form = {
        "csrfmiddlewaretoken": found[1],
        "login": sample_workspace.workspace.owner,
        "password": PASSWORD,
    }
    # The cookie is the host's, which is not where the test connects to.
    browser.cookies.update({each.name: str(each.value) for each in page.cookies})
    answer = browser.post(
        f"{http_client.url}/accounts/login/", data=form, timeout=60, allow_redirects=False
    )
    assert answer.status_code == 302, answer.text
    return browser


def test_no_page_of_a_workspace_breaks_for_its_owner(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    sample_workspace = furnished(http_client)
    browser = _signed_in(http_client, sample_workspace)
    with inside(sample_workspace.schema):
        key = password_links.new_key(person_of(sample_workspace.workspace))
    fixtures = sample_workspace.fixtures
    known = {
        "int": [*FIRST_ROWS, fixtures["domains"]],  # whose number is of all workspaces together
        "uuid": [
            fixtures["work"],
            fixtures["attachments"],
            fixtures["files"],
            fixtures["exports"],
        ],
        "slug": VERBS,
        "str": [fixtures["invoices"]],
        "credit_note_id": ["cn_of_nobody"],
        "token": [signing.Signer(salt=pay_links.SALT).sign_object(fixtures["invoices"])],
        "credential": [key, sample_workspace.invitation_key(fixtures["guest"]), "none"],
        "format": [".json"],
    }
    seen: dict[str, set[int]] = {}
    for route, _pattern in _routes("config.urls_tenant"):
        if "?P" in route:  # the same addresses once more, with a format behind them
            continue
        for path in _filled(route, known):
            mine = (
                {"Authorization": f"Bearer {sample_workspace.token}"}
                if path.startswith("/api/")
                else {}
            )
            answer = browser.get(
                f"{http_client.url}{path}", headers=mine, timeout=60, allow_redirects=False
            )
            seen.setdefault(route, set()).add(answer.status_code)
    broken = {route: codes for route, codes in seen.items() if max(codes) >= 500}
    assert broken == ASKS_STRIPE
    assert seen["accounts/sessions/"] == {302}
    missed = {route for route, codes in seen.items() if codes == {404}}
    assert missed == NOT_FOUND, "\n".join(sorted(missed ^ NOT_FOUND))


def test_no_page_of_ours_breaks_for_our_staff(web_stack: WebStack, http_client: HttpClient) -> None:
    furnished(http_client)
    SuppressedAddress.objects.get_or_create(address="gone@court.example", reason="bounced")
    anna = colleague(is_superuser=True)
    desk = signed_in(http_client, anna)
    seen: dict[str, set[int]] = {}
    for route, pattern in _routes("config.urls_public"):
        if "?P" in route:
            continue
        known: dict[str, Sequence[object]] = {
            "object_id": _rows(str(pattern.name or ""), route),
            "int": FIRST_ROWS,
            "str": ["none"],
            "credential": [password_links.new_key(anna)],
            "credential_id": [uuid4()],
            "content_type_id": ["1"],
        }
        for path in _filled(route, known):
            answer = desk.session.get(f"{http_client.url}{path}", timeout=60, allow_redirects=False)
            seen.setdefault(route, set()).add(answer.status_code)
    assert {route: codes for route, codes in seen.items() if max(codes) >= 500} == {}
    assert sum(codes == {200} for codes in seen.values()) > 30


def _rows(name: str, route: str) -> list[str]:
    """Return a row of the model that a page of the admin is about, and one that is not there."""
    parts = route.split("/")
    if len(parts) < 4 or parts[0] != "admin":
        return ["1"]
    try:
        model = apps.get_model(parts[1], parts[2])
    except LookupError:
        return ["1"]
    row = model._default_manager.order_by("-pk").first()
    return [*([] if row is None else [str(row.pk)]), "none"]
