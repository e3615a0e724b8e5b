"""Stripe within the test's own process."""

from tests.unit.stripe_inside import bare_stripe, stripe_inside

__all__ = ["bare_stripe", "stripe_inside"]
