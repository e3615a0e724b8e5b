"""A colleague hears by mail what another one changed in their account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core import mail as django_mail
from django.test import Client, override_settings

from public_apps.accounts import password_links
from public_apps.accounts.models import User
from public_apps.core import mail
from public_apps.core.models import OutgoingMail
from staff import notices, second_factor
from staff.notices import Occasion

PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


@pytest.fixture(autouse=True)
def pages(db: None, tmp_path: Path) -> Iterator[None]:
    """A database, and pages without files that were compressed for them."""
    storages = {**settings.STORAGES, "staticfiles": PLAIN}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages):
        yield


def somebody(name: str, **fields: object) -> User:
    """Return somebody of our staff."""
    return User.objects.create_user(
        f"{name}@staff.example", password="the-bells-of-anafiotika-7", is_staff=True, **fields
    )


def desk_of(person: User) -> Client:
    """Return the browser of somebody who has proven a second factor."""
    client = Client(headers={"Host": sorted(settings.PUBLIC_HOSTS)[0]})
    client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[second_factor.STATE] = second_factor.PROVEN
    session.save()
    return client


@pytest.fixture
def anna() -> User:
    """The colleague whose account is changed."""
    return somebody("anna", language="en")


@pytest.fixture
def chief() -> User:
    """Whoever changes it."""
    return somebody("chief", is_superuser=True)


def told() -> dict[str, str]:
    """Send what was promised to staff; return what each address read."""
    for promised in OutgoingMail.objects.waiting().filter(kind=notices.KIND):
        mail.send(mail_id=promised.pk)
    return {message.to[0]: str(message.body) for message in django_mail.outbox}


def save(chief: User, anna: User, **changed: Any) -> None:
    """Save the colleague's page in the admin."""
    form = {
        "email": anna.email, "first_name": "Anna", "last_name": "", "is_active": "on",
        "is_staff": "on", **changed,
    }  # fmt: skip
    answer = desk_of(chief).post(f"/admin/accounts/user/{anna.pk}/change/", form)
    assert answer.status_code == 302, answer.content.decode()


def test_a_new_address_is_told_at_the_old_one_and_at_the_new_one(chief: User, anna: User) -> None:
    save(chief, anna, email="intruder@else.example")
    read = told()
    assert set(read) == {"anna@staff.example", "intruder@else.example"}
    for said in read.values():
        assert "intruder@else.example from now on" in said
        assert "chief@staff.example did this" in said


def test_saving_without_a_new_address_tells_nobody(chief: User, anna: User) -> None:
    save(chief, anna, email="ANNA@staff.example", last_name="Angelou")
    assert told() == {}


def test_a_reset_factor_and_a_link_for_a_password_are_told(chief: User, anna: User) -> None:
    Authenticator.objects.create(user=anna, type="totp", data={})
    for deed, words in (
        ("reset-second-factor", "recovery codes were reset"),
        ("send-link", "A link to choose a new password"),
    ):
        answer = desk_of(chief).post(f"/admin/accounts/user/{anna.pk}/{deed}/", {})
        assert answer.status_code == 302, answer.content.decode()
        assert words in told()["anna@staff.example"]


def test_a_password_that_was_changed_by_a_link_is_told(anna: User) -> None:
    key = password_links.new_key(anna)
    word = "a-quiet-lane-in-plaka-3"
    client = Client(headers={"Host": sorted(settings.PUBLIC_HOSTS)[0]})
    answer = client.post(f"/admin/choose-password/{key}/", {"password1": word, "password2": word})
    assert answer.status_code == 302, answer.content.decode()
    assert "Your password was changed." in told()["anna@staff.example"]


def test_nobody_is_told_of_their_own_deeds_but_for_a_new_address(anna: User) -> None:
    notices.enqueue(Occasion.SECOND_FACTOR, colleague=anna, by=anna)
    assert told() == {}
    notices.enqueue(Occasion.ADDRESS, colleague=anna, by=anna, also_to="before@staff.example")
    assert set(told()) == {"anna@staff.example", "before@staff.example"}


def test_a_notice_about_nobody_is_a_failure_and_not_a_mail_that_nobody_wants() -> None:
    promised = mail.enqueue(
        kind=notices.KIND, key="999999999:address::x", to="a@staff.example", language="en"
    )
    mail.send(mail_id=promised.pk)
    promised.refresh_from_db()
    assert (promised.sent_at, promised.unwanted_at) == (None, None)
    assert "DoesNotExist" in promised.error
