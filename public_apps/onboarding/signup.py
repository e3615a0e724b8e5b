"""The first step of every sign-up, whoever pays and how: its name is held."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from public_apps.core import errors
from public_apps.core.names import NameField
from public_apps.onboarding.models import Signup, Source
from public_apps.tenants import domains


@dataclass(frozen=True, kw_only=True)
class SignupData:
    """The workspace that somebody wishes for, and who that is; its form already checked."""

    organization: str
    subdomain: str
    email: str
    first_name: str
    last_name: str
    plan: str
    tax_id: str = ""

    @property
    def typed(self) -> dict[str, str]:
        """Return what the form says, by field."""
        return {name: getattr(self, name) for name in TYPED if hasattr(self, name)}


@dataclass(frozen=True, kw_only=True)
class Column:
    """How a field that is typed is kept, for whoever asks for it."""

    label: str
    max_length: int
    required: bool
    is_name: bool


def column_of(name: str) -> Column:
    """Return how one of the fields in `TYPED` is kept."""
    field = Signup._meta.get_field(name)
    assert isinstance(field, models.CharField)  # noqa: S101 - all that is typed is text
    return Column(
        label=str(field.verbose_name),
        max_length=field.max_length or 0,
        required=not field.blank,
        is_name=isinstance(field, NameField),
    )


# The fields of a form for a workspace, in its order; and those that say who somebody is.
TYPED = (*(field.name for field in fields(SignupData)), "interval")
PERSONAL = tuple(name for name in TYPED if name not in {"subdomain", "plan", "interval"})
# What makes somebody the same buyer: a tax number that is added later makes nobody another.
IDENTIFYING = tuple(name for name in PERSONAL if name != "tax_id")


class NameTaken(errors.Conflict):
    """A tenant or another sign-up has the name."""

    def __init__(self) -> None:
        message = _("This name is taken.")
        super().__init__(message, errors={"subdomain": [message]})


def sign_up(
    *,
    wish: SignupData,
    language: str,
    interval: str = "",
    source: Source = Source.CHECKOUT,
    subscription_id: str | None = None,
    paid_at: datetime | None = None,
    frontend_url: str = "",
    idempotency_key: str | None = None,
    request_fingerprint: str = "",
) -> Signup:
    """Hold the name for a new sign-up.

    Raises `NameTaken`, also for an idempotency key that another sign-up holds a name under.
    """
    if domains.is_taken(wish.subdomain):
        raise NameTaken
    try:
        with transaction.atomic():
            return Signup.objects.create(
                **{field.name: getattr(wish, field.name) for field in fields(SignupData)},
                requested_subdomain=wish.subdomain,
                language=language,
                interval=interval,
                source=source,
                subscription_id=subscription_id,
                paid_at=paid_at,
                frontend_url=frontend_url,
                idempotency_key=idempotency_key,
                request_fingerprint=request_fingerprint,
            )
    except IntegrityError as error:
        raise NameTaken from error
