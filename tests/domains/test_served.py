"""A tenant's own domain at the web server's door: pages, forms, redirects, and who may call."""

from __future__ import annotations

import re
import socket
import time

import pytest
import requests
from django.conf import settings

from devstack import mailbox
from public_apps.core import mail
from public_apps.core.models import OutgoingMail
from public_apps.tenants import domains
from public_apps.tenants.custom_domains import claims
from tests.core.web_stack import PASSWORD, HttpClient, WebStack, Workspace, create_workspace
from tests.domains.moving import ELENI, verified
from tests.domains.name_server import NameServer
from tests.tenants.test_hosts import STALE_FOR, until_status


def moved(http_client: HttpClient, zone: NameServer) -> tuple[Workspace, str]:
    """Return a workspace that has moved to its own domain, and that domain."""
    workspace = create_workspace()
    claim = verified(zone, workspace.tenant)
    claims.make_primary(tenant=workspace.tenant, host=claim.host, by=ELENI)
    until_status(http_client, claim.host, 401)
    return workspace, claim.host


def until_led(http_client: HttpClient, host: str, path: str) -> requests.Response:
    """Return the answer that leads on; every process knows within seconds."""
    began = time.monotonic()
    while (answer := http_client.ask("GET", path, host=host)).status_code != 302:
        assert time.monotonic() - began < STALE_FOR
        time.sleep(0.1)
    return answer


def test_pages_of_the_subdomain_lead_to_the_same_page_of_the_first_domain(
    web_stack: WebStack, http_client: HttpClient, zone: NameServer
) -> None:
    workspace, host = moved(http_client, zone)
    path = "/accounts/login/?next=/billing/%3Fpage%3D2&x=%2F%2Fevil.example"
    answer = until_led(http_client, workspace.host, path)
    assert answer.headers["Location"] == domains.url_at(host, path)
    assert http_client.ask("HEAD", path, host=workspace.host).status_code == 302
    twice = http_client.ask("GET", "//evil.example/", host=workspace.host)
    assert twice.headers["Location"].startswith(domains.url_at(host, "/"))
    assert http_client.ask("GET", "/accounts/login/", host=host).status_code == 200


def test_only_reading_pages_is_led_on(
    web_stack: WebStack, http_client: HttpClient, zone: NameServer
) -> None:
    workspace, host = moved(http_client, zone)
    until_led(http_client, workspace.host, "/")
    assert http_client.ask("POST", "/accounts/login/", host=workspace.host).status_code == 403, (
        "CSRF"
    )
    for path in ("/api/me/", "/_allauth/app/v1/auth/session"):
        assert http_client.ask("GET", path, host=workspace.host).status_code in {401, 410}
    token = http_client.token(workspace)
    headers = {"Authorization": f"Bearer {token}"}
    for served in (workspace.host, host):
        assert http_client.ask("GET", "/api/me/", host=served, headers=headers).status_code == 200


def test_somebody_signs_in_at_the_first_domain_by_its_form(
    web_stack: WebStack, http_client: HttpClient, zone: NameServer
) -> None:
    """Cookies are the domain's own, and Django's check of origins lets the page post to itself."""
    workspace, host = moved(http_client, zone)
    form = http_client.ask("GET", "/accounts/login/", host=host)
    cookie = form.cookies[settings.CSRF_COOKIE_NAME]
    token = form.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    said = {"csrfmiddlewaretoken": token, "login": workspace.owner, "password": PASSWORD}
    cookies = {"Cookie": f"{settings.CSRF_COOKIE_NAME}={cookie}"}

    def post(origin: str) -> requests.Response:
        headers = {**cookies, "Origin": origin}
        return http_client.ask("POST", "/accounts/login/", host=host, headers=headers, data=said)

    assert post("https://evil.example").status_code == 403
    assert post(f"http://{workspace.host}").status_code == 403
    signed_in = post(f"http://{host}")
    assert signed_in.status_code == 302
    session = signed_in.headers["Set-Cookie"]
    assert settings.SESSION_COOKIE_NAME in session
    assert "domain=" not in session.lower(), "no cookie reaches another host"


def test_links_in_mails_lead_to_the_first_domain_whatever_host_was_asked(
    web_stack: WebStack, http_client: HttpClient, zone: NameServer
) -> None:
    workspace, host = moved(http_client, zone)
    asked = http_client.ask(
        "POST", "/_allauth/app/v1/auth/password/request", host=workspace.host,
        headers={"X-Forwarded-Host": "evil.example", "Origin": "https://evil.example"},
        json={"email": workspace.owner},
    )  # fmt: skip
    assert asked.status_code == 200
    mail.send(mail_id=OutgoingMail.objects.get(to=workspace.owner).pk)
    [arrived] = mailbox.mails_to(workspace.owner, folder=web_stack.stack.mail_dir)
    links = re.findall(r"https?://[^\s<>\"]+", mailbox.plain_text(arrived))
    assert links
    assert all(link.startswith(domains.url_at(host, "/")) for link in links), links


def test_a_page_at_the_first_domain_may_call_the_api_elsewhere_and_no_other(
    web_stack: WebStack, http_client: HttpClient, zone: NameServer
) -> None:
    workspace, host = moved(http_client, zone)
    ours = domains.url_at(host, "")
    chosen = {"X-Tenant-Host": host}
    unproven = claims.add(tenant=workspace.tenant, text="unproven.example", by=ELENI)

    def allowed(origin: str, path: str = "/api/me/") -> str:
        answer = http_client.ask("GET", path, headers={**chosen, "Origin": origin})
        assert "access-control-allow-credentials" not in answer.headers
        return answer.headers.get("access-control-allow-origin", "")

    assert allowed(ours) == ours
    subdomain, waiting = domains.url_at(workspace.host, ""), domains.url_at(unproven.host, "")
    near = [f"{ours}.evil.example", f"{ours}:1", ours.replace("http", "ftp"), "null", "http://["]
    for origin in (*near, subdomain, waiting):
        assert allowed(origin) == "", origin
    assert allowed(ours, "/admin/login/") == ""


# --- Hosts that somebody makes up -----------------------------------------------------------------


def raw(web_stack: WebStack, *lines: str) -> str:
    """Send a request as it is written and return the answer's status."""
    with socket.create_connection(("127.0.0.1", web_stack.stack.web_port), timeout=20) as wire:
        wire.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1"))
        return wire.makefile("rb").readline().decode("latin-1").split()[1]


@pytest.mark.parametrize("write", [str.upper, "{}.".format, "{}:8443".format, "{}.:1".format])
def test_an_own_domain_counts_without_case_port_and_trailing_dot(
    web_stack: WebStack, http_client: HttpClient, zone: NameServer, write: object
) -> None:
    claim = verified(zone, create_workspace().tenant)
    until_status(http_client, claim.host, 401)
    assert http_client.ask("GET", "/api/me/", host=write(claim.host)).status_code == 401  # type: ignore[operator]


def test_neither_an_absolute_uri_nor_a_second_host_chooses_the_tenant(
    web_stack: WebStack, http_client: HttpClient, zone: NameServer
) -> None:
    _workspace, host = moved(http_client, zone)
    assert raw(web_stack, "GET /api/me/ HTTP/1.1", f"Host: {host}") == "401"
    uri = f"GET http://{host}/api/me/ HTTP/1.1"
    assert raw(web_stack, uri, "Host: nobody.example") == "404"
    assert raw(web_stack, "GET http://nobody.example/api/me/ HTTP/1.1", f"Host: {host}") == "401"
    for header in ("X-Forwarded-Host", "X-Host", "X-Original-Host", "Forwarded"):
        assert (
            raw(web_stack, "GET /api/me/ HTTP/1.1", "Host: nobody.example", f"{header}: {host}")
            == "404"
        )
    two = raw(web_stack, "GET /api/me/ HTTP/1.1", "Host: nobody.example", f"Host: {host}")
    assert two in {"400", "404"}
    for odd in (f"{host}@evil.example", f"evil.example/{host}", f"{host} evil", f"{host}#", f"a,{host}",
                f"{host}:80:80", f"{host}:x", "Αθήνα.gr".encode().decode("latin-1"), ""):  # fmt: skip
        assert raw(web_stack, "GET /api/me/ HTTP/1.1", f"Host: {odd}") in {"400", "404"}, odd
    assert raw(web_stack, "GET /api/me/ HTTP/1.0") in {"400", "404"}


# --- Certificates ---------------------------------------------------------------------------------


def test_a_tls_proxy_is_told_which_hosts_deserve_a_certificate(
    web_stack: WebStack, http_client: HttpClient, zone: NameServer
) -> None:
    claim = verified(zone, create_workspace().tenant)
    unproven = claims.add(tenant=web_stack.acme.tenant, text="unproven.example", by=ELENI)
    for host, status in {
        claim.host: 200, claim.host.upper(): 200, web_stack.acme.host: 200, "localhost": 200,
        unproven.host: 404, "nobody.localhost": 404, "evil.example": 404, "": 404, "a\0b": 404,
    }.items():  # fmt: skip
        answer = http_client.ask("GET", "/tls-check", host="web:8000", params={"domain": host})
        assert answer.status_code == status, host
    assert http_client.ask("GET", "/tls-check", host="web:8000").status_code == 404
    assert http_client.ask("POST", "/tls-check", host="web:8000").status_code == 404
    claims.remove(claim=unproven, by=ELENI)
