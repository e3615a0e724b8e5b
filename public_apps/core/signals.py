"""What core tells rooms above it, which it doesn't know: `docs/hooks.md` says who listens."""

from __future__ import annotations

from django.dispatch import Signal

# A request was answered: `request`, `response`, and `seconds` since its first middleware. Not those
# of platforms and Prometheus that ask again and again.
request_answered = Signal()
# A mail was tried: its `kind`, and the `outcome`: sent, put_off, given_up, or unwanted.
mail_attempted = Signal()
# A job was given up that others wait for: its `task`, and the `args` that it had.
job_given_up = Signal()
# A process that works jobs until it is told to end begins to do so.
worker_started = Signal()
