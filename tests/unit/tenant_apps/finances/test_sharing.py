"""No cent is lost or invented when an expense is shared."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_apps.finances import sharing

AMOUNTS = st.integers(min_value=1, max_value=10_000_000_00)
WEIGHTS = st.dictionaries(
    st.integers(min_value=1, max_value=10_000),
    st.integers(min_value=0, max_value=1000),
    min_size=1,
    max_size=60,
).filter(lambda weights: sum(weights.values()) > 0)


@given(AMOUNTS, WEIGHTS)
def test_shares_sum_to_the_cent(amount: int, weights: dict[int, int]) -> None:
    assert sum(sharing.by_weights(amount, weights).values()) == amount


@given(AMOUNTS, WEIGHTS)
def test_nobody_bears_a_cent_more_or_less_than_their_part(
    amount: int, weights: dict[int, int]
) -> None:
    whole = sum(weights.values())
    for key, share in sharing.by_weights(amount, weights).items():
        assert abs(share * whole - amount * weights[key]) < whole
        assert share == 0 or weights[key] > 0


@given(AMOUNTS, WEIGHTS)
def test_more_mills_never_cost_less(amount: int, weights: dict[int, int]) -> None:
    shares = sharing.by_weights(amount, weights)
    ordered = sorted(weights, key=lambda key: weights[key])
    for fewer, more in itertools.pairwise(ordered):
        if weights[fewer] < weights[more]:
            assert shares[fewer] <= shares[more]


@given(AMOUNTS, st.sets(st.integers(min_value=1, max_value=10_000), min_size=1, max_size=60))
def test_equal_shares_differ_by_a_cent_at_most(amount: int, keys: set[int]) -> None:
    shares = sharing.equally(amount, list(keys)).values()
    assert sum(shares) == amount
    assert max(shares) - min(shares) <= 1


def test_the_cents_that_are_left_go_to_the_largest_remainders() -> None:
    assert sharing.by_weights(100, {1: 333, 2: 333, 3: 334}) == {1: 33, 2: 33, 3: 34}
    assert sharing.by_weights(10, {1: 1, 2: 1, 3: 1}) == {1: 4, 2: 3, 3: 3}


@pytest.mark.parametrize("weights", [{}, {1: 0, 2: 0}, {1: -1, 2: 2}])
def test_without_weights_nothing_is_shared(weights: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="weight"):
        sharing.by_weights(100, weights)
