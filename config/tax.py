"""Settings about tax: who works it out, and whether prices hold it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import environ

from config.env import UnsafeSetting, text

NONE, AUTOMATIC = "none", "automatic"
INCLUSIVE, EXCLUSIVE = "inclusive", "exclusive"


@dataclass(frozen=True, kw_only=True)
class Tax:
    """`automatic`: Stripe Tax works it out. `behavior`: whether our prices hold it already."""

    automatic: bool
    behavior: str  # inclusive | exclusive


def tax(env: environ.Env) -> Tax:
    """Return how tax is charged. Without Stripe Tax nothing is added, so prices hold it."""
    by = _word(env, "STRIPE_TAX", NONE, AUTOMATIC)
    behavior = _word(env, "STRIPE_TAX_BEHAVIOR", INCLUSIVE, EXCLUSIVE)
    if by == NONE and behavior == EXCLUSIVE:
        raise UnsafeSetting(
            "STRIPE_TAX_BEHAVIOR is exclusive without STRIPE_TAX=automatic: nobody would add the tax "
            "that our prices then lack."
        )
    return Tax(automatic=by == AUTOMATIC, behavior=behavior)


def _word(env: environ.Env, name: str, default: str, other: str) -> str:
    word = text(env, name).lower() or default
    if word not in {default, other}:
        raise UnsafeSetting(f"{name} must be {default} or {other}, not {word!r}.")
    return word


@dataclass(frozen=True, kw_only=True)
class EInvoicing:
    """What passes documents on to the tax authority: a class by its path, from documents of a day on."""

    provider: str
    since: date | None
    folder: str


def einvoicing(env: environ.Env) -> EInvoicing:
    """Return how documents are passed on; no provider is nobody."""
    provider, folder = text(env, "EINVOICE_PROVIDER"), text(env, "EINVOICE_FOLDER")
    if provider and not all(part.isidentifier() for part in provider.split(".")):
        raise UnsafeSetting(
            f"EINVOICE_PROVIDER is {provider!r}: name a class, such as "
            "billing.einvoicing.file_provider.FileProvider."
        )
    if provider.endswith(".FileProvider") and not folder:
        raise UnsafeSetting("EINVOICE_FOLDER is missing: EINVOICE_PROVIDER writes files there.")
    return EInvoicing(provider=provider, since=_since(env, provider), folder=folder)


def _since(env: environ.Env, provider: str) -> date | None:
    named = text(env, "EINVOICE_SINCE")
    if not named and not provider:
        return None
    try:
        return date.fromisoformat(named)
    except ValueError as error:
        raise UnsafeSetting(
            f"EINVOICE_SINCE is {named!r}: name the first day whose documents are passed on, as "
            "2026-10-01."
        ) from error
