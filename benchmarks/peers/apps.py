"""Leaves dj-stripe its taking of events, and takes off what it does with this one."""

from __future__ import annotations

from django.apps import AppConfig


class PeersConfig(AppConfig):
    name = "benchmarks.peers"

    def ready(self) -> None:
        """Let an event be verified and stored, and no more: ours does the rest in the worker.

        dj-stripe would fetch the product from Stripe within the request, a journey of its own.
        """
        from djstripe.event_handlers import handle_other_event
        from djstripe.models import Event
        from djstripe.signals import WEBHOOK_SIGNALS

        taken_off = WEBHOOK_SIGNALS["product.created"].disconnect(handle_other_event, sender=Event)
        assert taken_off, "dj-stripe names its handlers otherwise now"
