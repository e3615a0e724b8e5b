"""Cents shared so that nothing is lost: the shares always sum to the amount."""

from __future__ import annotations

from collections.abc import Mapping


def by_weights(amount: int, weights: Mapping[int, int]) -> dict[int, int]:
    """Share `amount` cents by weights: each key gets its part rounded down, and the cents that are left
    go to the largest remainders, one each; among equal ones to the smallest keys first.

    Keys of weight zero get nothing. Raises ValueError without any weight.
    """
    whole = sum(weights.values())
    if whole <= 0 or min(weights.values()) < 0:
        raise ValueError("something must have a weight, and none a negative one")
    shares = {key: amount * weight // whole for key, weight in weights.items()}
    left = amount - sum(shares.values())
    by_remainder = sorted(weights, key=lambda key: (-(amount * weights[key] % whole), key))
    for key in by_remainder[:left]:
        shares[key] += 1
    return shares


def equally(amount: int, keys: list[int]) -> dict[int, int]:
    """Share `amount` cents equally; the smallest keys bear the cents that are left, one each."""
    return by_weights(amount, dict.fromkeys(keys, 1))
