"""From paid to open: every step once, in any order of crashes, for as many callers as there are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from public_apps.accounts import password_links
from public_apps.accounts.models import User
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside, is_public
from public_apps.onboarding import open_workspace as story
from public_apps.onboarding import subdomains, welcome
from public_apps.onboarding.models import Signup
from public_apps.onboarding.open_workspace import NotPaid, open_workspace
from public_apps.tenants.models import Domain, Tenant
from tests.core.web_stack import WebStack
from tests.onboarding.orders import ordered

STEPS = ["ensure_tenant", "ensure_address", "ensure_owner", "ensure_open"]


def check_whole(signup: Signup) -> Tenant:
    """Check that a sign-up has all that it paid for, and everything once."""
    signup = Signup.objects.get(pk=signup.pk)
    tenant = signup.tenant
    assert tenant is not None
    assert (signup.stage, tenant.status) == ("ready", "active")
    assert tenant.owner_email == signup.email
    (domain,) = Domain.objects.filter(tenant=tenant)
    assert domain.domain == f"{signup.subdomain}.localhost"
    with inside(tenant.schema_name):
        (owner,) = User.objects.all()
        assert (owner.email, owner.role, owner.language) == (signup.email, "owner", "en")
        assert not owner.has_usable_password()
        assert not owner.is_staff
        assert owner.last_login is None
    assert OutgoingMail.objects.filter(kind=welcome.KIND, to=signup.email).count() == 1
    assert is_public()
    return tenant


def test_a_paid_sign_up_becomes_an_open_workspace(web_stack: WebStack) -> None:
    signup = ordered(paid=True)
    assert open_workspace(signup=signup) == check_whole(signup)


def test_doing_it_again_changes_nothing(web_stack: WebStack) -> None:
    signup = ordered(paid=True)
    first = open_workspace(signup=signup)
    before = Signup.objects.filter(pk=signup.pk).values().get()
    assert open_workspace(signup=signup) == first
    assert Signup.objects.filter(pk=signup.pk).values().get() == before
    check_whole(signup)


@pytest.mark.parametrize("steps", range(1, len(STEPS) + 1))
def test_a_story_that_was_cut_off_is_continued(web_stack: WebStack, steps: int) -> None:
    signup = ordered(paid=True)
    tenant = story.ensure_tenant(signup=signup)
    for step in STEPS[1:steps]:
        getattr(story, step)(signup=signup, tenant=tenant)
    assert open_workspace(signup=signup) == tenant
    check_whole(signup)


def test_of_many_who_open_it_at_once_each_step_is_done_once(web_stack: WebStack) -> None:
    signup = ordered(paid=True)

    def open_it(_number: int) -> str:
        try:
            return open_workspace(signup=Signup.objects.get(pk=signup.pk)).schema_name
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        assert len(set(threads.map(open_it, range(6)))) == 1
    check_whole(signup)


def test_what_nobody_paid_for_is_not_opened(web_stack: WebStack) -> None:
    signup = ordered()
    before = Tenant.objects.count()
    with pytest.raises(NotPaid):
        open_workspace(signup=signup)
    assert Tenant.objects.count() == before


def test_two_buyers_of_one_name_get_two_workspaces_and_the_second_a_near_name(
    web_stack: WebStack,
) -> None:
    late = ordered()
    subdomains.release(signup=late)
    quick = ordered(late.requested_subdomain, paid=True)
    open_workspace(signup=quick)
    Signup.objects.filter(pk=late.pk).update(paid_at=quick.paid_at, email="nikos@late.example")
    late.refresh_from_db()
    open_workspace(signup=late)
    assert check_whole(quick) != check_whole(late)
    late.refresh_from_db()
    assert late.subdomain == f"{late.requested_subdomain}-2"


def test_who_buys_twice_has_two_keys_that_fit_one_door_each(web_stack: WebStack) -> None:
    first, second = ordered(paid=True), ordered(paid=True, email="eleni@twice.example")
    Signup.objects.filter(pk=first.pk).update(email=second.email)
    made = []
    for signup in (first, second):
        tenant = open_workspace(signup=Signup.objects.get(pk=signup.pk))
        with inside(tenant.schema_name):
            made.append((tenant, password_links.new_key(User.objects.get(email=second.email))))
    for tenant, key in made:
        with inside(tenant.schema_name):
            assert [each for _tenant, each in made if password_links.user_of(each)] == [key]


def test_a_welcome_mail_is_sent_again_at_a_measured_pace(web_stack: WebStack) -> None:
    signup = ordered(paid=True)
    open_workspace(signup=signup)
    mails = OutgoingMail.objects.filter(kind=welcome.KIND, to=signup.email)
    signup.refresh_from_db()
    assert not welcome.send_again(signup=signup), "the first has only just been promised"
    for number in range(1, 10):
        mails.update(created_at="2026-01-01T00:00Z")
        signup.refresh_from_db()
        assert welcome.send_again(signup=signup) == (number <= welcome.MOST_MAILS)
    assert mails.count() == 1 + welcome.MOST_MAILS
