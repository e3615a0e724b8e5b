"""Purchases of ours that nobody made on our site: by a Payment Link, or in Stripe's Dashboard."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from billing.models.mirrored import Subscription


class OutsidePurchase(Subscription):
    """A subscription to one of our plans that no sign-up of ours began: a list of its own for staff."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = _("purchase at Stripe")
        verbose_name_plural = _("purchases at Stripe")
