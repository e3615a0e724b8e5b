"""Whether a webhook comes from Stripe."""

from __future__ import annotations

import time

import stripe
from django.conf import settings

TOLERANCE_SECONDS = 300


class BadSignature(Exception):
    """A webhook that nobody with our secret signed just now."""


def verify_signature(*, body: bytes, header: str) -> None:
    """Raise `BadSignature` unless one of our secrets signed this raw body within five minutes.

    Fails closed without a secret. The library takes old stamps only as stale; a stamp from the
    future would stay valid for as long as its signer likes, so it is bounded here.
    """
    # The library compares as text and breaks on anything but ASCII, which a signature never holds.
    secrets = settings.STRIPE.webhook_secrets if header.isascii() else ()
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(body, header, secret, TOLERANCE_SECONDS)
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            continue
        if _stamp(header) > time.time() + TOLERANCE_SECONDS:
            break
        return
    raise BadSignature("The Stripe-Signature header does not match this body.")


def _stamp(header: str) -> int:
    return int(next(part[2:] for part in header.split(",") if part.startswith("t=")))
