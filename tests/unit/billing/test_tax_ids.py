"""Which tax numbers are taken, how they are kept, and what is said of the others."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from billing import tax_ids
from billing.serializers import OrderSerializer
from website.forms import SignupForm

ORDER = {
    "organization": "Sunny Court", "subdomain": "sunny-court", "email": "eleni@sunny.example",
    "first_name": "Eleni", "last_name": "Papadaki", "plan": "starter", "interval": "month",
}  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("   ", ""),
        ("094014201", "EL094014201"),
        ("EL094014201", "EL094014201"),
        ("gr 094 014 201", "EL094014201"),
        ("EL-094.014.201", "EL094014201"),
        ("123456783", "EL123456783"),
        ("DE 136 695 976", "DE136695976"),
        ("atu13585627", "ATU13585627"),
        ("FR 40 303265045", "FR40303265045"),
        ("IE6433435F", "IE6433435F"),
        ("CY10259033P", "CY10259033P"),
    ],
)
def test_a_number_is_kept_as_vies_writes_it(typed: str, kept: str) -> None:
    assert tax_ids.read(typed) == kept


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("094014202", tax_ids.WRONG_DIGITS),
        ("EL123456789", tax_ids.WRONG_DIGITS),
        ("000000000", tax_ids.WRONG_DIGITS),
        ("DE136695977", tax_ids.WRONG_DIGITS),
        ("12345678", tax_ids.NOT_ONE),
        ("EL12345678", tax_ids.NOT_ONE),
        ("0940142010", tax_ids.NOT_ONE),
        ("US123456789", tax_ids.NOT_ONE),
        ("EU372022452", tax_ids.NOT_ONE),
        ("DE12", tax_ids.NOT_ONE),
        ("=1+1", tax_ids.NOT_ONE),
        ("٠٩٤٠١٤٢٠١", tax_ids.NOT_ONE),
        ("not a number", tax_ids.NOT_ONE),
    ],
)
def test_a_number_that_is_none_is_refused_with_the_reason(typed: str, said: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        tax_ids.read(typed)
    assert refusal.value.messages == [str(said)]


def test_every_single_wrong_digit_of_an_afm_is_noticed() -> None:
    """The last digit is the sum of the others, each doubled as often as it stands left, modulo 11."""
    for place in range(9):
        for digit in set("0123456789") - {"094014201"[place]}:
            typed = f"{'094014201'[:place]}{digit}{'094014201'[place + 1 :]}"
            if _checks(typed):  # modulo 11, then 10: a remainder of ten shares the digit 0
                continue
            with pytest.raises(ValidationError):
                tax_ids.read(typed)


def _checks(digits: str) -> bool:
    *before, last = map(int, digits)
    weighed = sum(digit << (8 - place) for place, digit in enumerate(before))
    return weighed % 11 % 10 == last


def test_countries_are_those_of_iso_and_stripe_is_told_the_kind() -> None:
    assert tax_ids.country_of("EL094014201") == "GR"
    assert tax_ids.country_of("XI123456782") == "GB"
    assert tax_ids.country_of("DE136695976") == "DE"
    assert tax_ids.at_stripe("EL094014201") == {"type": "eu_vat", "value": "EL094014201"}


def test_an_order_may_hold_a_number_and_a_wrong_one_is_named_by_field() -> None:
    order = OrderSerializer(data={**ORDER, "tax_id": "094 014 201"})
    assert order.is_valid(), order.errors
    assert order.validated_data["tax_id"] == "EL094014201"
    without = OrderSerializer(data=ORDER)
    assert without.is_valid(), without.errors
    wrong = OrderSerializer(data={**ORDER, "tax_id": "094014202"})
    assert not wrong.is_valid()
    [refusal] = wrong.errors["tax_id"]
    assert (refusal, refusal.code) == (tax_ids.WRONG_DIGITS, "invalid_check_digit")


def test_the_form_takes_the_same_numbers_as_the_api() -> None:
    plans = [{"code": "starter", "name": "Starter"}]
    good = SignupForm({**ORDER, "tax_id": "EL 094014201"}, plans=plans)
    assert good.is_valid(), good.errors
    assert good.order["tax_id"] == "EL094014201"
    bad = SignupForm({**ORDER, "tax_id": "094014202"}, plans=plans)
    assert not bad.is_valid()
    assert bad.errors["tax_id"] == [str(tax_ids.WRONG_DIGITS)]
    assert "tax_id" in {field.name for field in bad.others}
