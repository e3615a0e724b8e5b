"""Names of workspaces: what may be one, who holds one, and what becomes of one that was lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from public_apps.onboarding import subdomains
from public_apps.onboarding.models import Signup
from public_apps.tenants import domains
from tests.core.web_stack import HttpClient, WebStack
from tests.onboarding.orders import fresh_label, ordered


@pytest.mark.parametrize("label", ["WWW", "Stripe", "a_b", "%20", "é", "x" * 500])
def test_a_stranger_is_told_why_and_never_gets_a_500(
    web_stack: WebStack, http_client: HttpClient, label: str
) -> None:
    answer = http_client.ask("GET", f"/api/billing/subdomains/{label}/")
    assert answer.status_code == 200
    assert answer.json()["available"] is False
    assert answer.json()["reason"]


def test_case_does_not_make_another_name(web_stack: WebStack, http_client: HttpClient) -> None:
    held = ordered()
    answer = http_client.ask("GET", f"/api/billing/subdomains/{held.subdomain.upper()}/")
    assert answer.json() == {
        "label": held.subdomain, "available": False, "reason": "This name is taken.",
    }  # fmt: skip


def test_a_workspaces_name_is_taken_and_a_released_one_is_free(web_stack: WebStack) -> None:
    assert not subdomains.availability(web_stack.acme.host.partition(".")[0]).available
    held = ordered()
    assert not subdomains.availability(held.subdomain).available
    subdomains.release(signup=held)
    assert subdomains.availability(held.subdomain).available


def test_of_many_who_reach_for_a_name_at_once_one_gets_it(web_stack: WebStack) -> None:
    label = fresh_label()

    def reach(_number: int) -> bool:
        try:
            ordered(label)
        except IntegrityError:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(reach, range(8))) == [False] * 7 + [True]
    assert Signup.objects.filter(subdomain=label).count() == 1


def test_a_paid_name_is_never_released(web_stack: WebStack) -> None:
    paid = ordered(paid=True)
    subdomains.release(signup=paid)
    paid.refresh_from_db()
    assert paid.released_at is None


def test_who_paid_after_losing_the_name_gets_it_back_if_it_is_still_free(
    web_stack: WebStack,
) -> None:
    late = ordered()
    subdomains.release(signup=late)
    subdomains.hold_again(signup=late)
    late.refresh_from_db()
    assert (late.subdomain, late.released_at) == (late.requested_subdomain, None)


def test_who_lost_the_name_to_another_gets_a_near_one_of_forty_letters_at_most(
    web_stack: WebStack,
) -> None:
    label = fresh_label() + "-" + "x" * 40
    late = ordered(label[:40])
    subdomains.release(signup=late)
    winner = ordered(late.subdomain)
    subdomains.hold_again(signup=late)
    late.refresh_from_db()
    assert late.subdomain == f"{label[:38]}-2"
    domains.check_label(late.subdomain)

    later = ordered(fresh_label())
    subdomains.release(signup=later)
    Signup.objects.filter(pk=later.pk).update(requested_subdomain=winner.subdomain)
    later.refresh_from_db()
    subdomains.hold_again(signup=later)
    assert later.subdomain == f"{label[:38]}-3"


def test_of_many_who_lost_one_name_and_paid_at_once_each_gets_another(web_stack: WebStack) -> None:
    late = [ordered() for _ in range(4)]
    lost = late[0].subdomain
    for signup in late:
        subdomains.release(signup=signup)
    Signup.objects.filter(pk__in=[each.pk for each in late]).update(requested_subdomain=lost)
    ready = Barrier(len(late))

    def hold(signup: Signup) -> str:
        try:
            signup.refresh_from_db()
            ready.wait()
            subdomains.hold_again(signup=signup)
            return signup.subdomain
        finally:
            connection.close()

    with ThreadPoolExecutor(len(late)) as pool:
        names = set(pool.map(hold, late))
    assert names == {lost, *(f"{lost}-{number}" for number in (2, 3, 4))}


def test_one_key_belongs_to_one_open_order(web_stack: WebStack) -> None:
    key = fresh_label()
    first = ordered(idempotency_key=key)
    with pytest.raises(IntegrityError, match="idempotency_key"), transaction.atomic():
        ordered(idempotency_key=key)
    Signup.objects.filter(pk=first.pk).update(released_at=timezone.now())
    assert ordered(idempotency_key=key).pk != first.pk
