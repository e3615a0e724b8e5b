"""Settings about tax and documents: what is refused, and by which name."""

from __future__ import annotations

from datetime import date

import pytest

from config import env, tax

FILES = "billing.einvoicing.file_provider.FileProvider"


@pytest.mark.parametrize(
    ("given", "automatic", "behavior"),
    [
        ({}, False, "inclusive"),
        ({"STRIPE_TAX": "None"}, False, "inclusive"),
        ({"STRIPE_TAX": "automatic"}, True, "inclusive"),
        ({"STRIPE_TAX": "automatic", "STRIPE_TAX_BEHAVIOR": "exclusive"}, True, "exclusive"),
    ],
)
def test_tax_is_as_the_settings_say(given: dict[str, str], automatic: bool, behavior: str) -> None:
    assert tax.tax(env.load(given)) == tax.Tax(automatic=automatic, behavior=behavior)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"STRIPE_TAX": "yes"}, "STRIPE_TAX "),
        ({"STRIPE_TAX_BEHAVIOR": "gross"}, "STRIPE_TAX_BEHAVIOR "),
        ({"STRIPE_TAX_BEHAVIOR": "exclusive"}, "STRIPE_TAX_BEHAVIOR is exclusive"),
        ({"EINVOICE_PROVIDER": "not a path"}, "EINVOICE_PROVIDER"),
        ({"EINVOICE_PROVIDER": FILES}, "EINVOICE_FOLDER"),
        ({"EINVOICE_PROVIDER": "ours.Provider"}, "EINVOICE_SINCE"),
        ({"EINVOICE_PROVIDER": "ours.Provider", "EINVOICE_SINCE": "1 Oct"}, "EINVOICE_SINCE"),
    ],
)
def test_what_does_not_fit_stops_the_start_with_its_name(given: dict[str, str], named: str) -> None:
    reader = env.load(given)
    with pytest.raises(env.UnsafeSetting, match=named):
        _ = (tax.tax(reader), tax.einvoicing(reader))


def test_documents_are_passed_on_from_a_day_on() -> None:
    given = {"EINVOICE_PROVIDER": FILES, "EINVOICE_SINCE": "2026-10-01", "EINVOICE_FOLDER": "/srv"}
    chosen = tax.einvoicing(env.load(given))
    assert (chosen.since, chosen.folder) == (date(2026, 10, 1), "/srv")
    assert tax.einvoicing(env.load({})) == tax.EInvoicing(provider="", since=None, folder="")
