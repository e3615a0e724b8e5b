"""From a purchase that was made at Stripe to its workspace, by one click of staff's."""

from __future__ import annotations

from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from billing import checkout, gateway, manual_mode, outside_purchases
from billing.manual_mode import Opening
from billing.models import Subscription
from public_apps.core import errors
from public_apps.onboarding import subdomains
from public_apps.onboarding.models import Signup, Source
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)


def wished(purchase: Subscription) -> dict[str, Any]:
    """Return what Stripe tells of the buyer, to fill the form with; nothing if it can't be asked."""
    try:
        customer = gateway.customer(purchase.customer_id)
    except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
        log.warning("customer not asked for", customer=purchase.customer_id, error=str(error))
        return {}
    name, email = str(customer.get("name") or ""), str(customer.get("email") or "")
    first, _space, last = name.partition(" ")
    known = {code for code, _name in settings.LANGUAGES}
    locales = [str(each)[:2] for each in customer.get("preferred_locales") or ()]
    return {
        "organization": name,
        "email": email,
        "first_name": first,
        "last_name": last,
        "subdomain": subdomains.suggested(slugify(name), slugify(email.partition("@")[0])),
        "language": next((each for each in locales if each in known), settings.LANGUAGE_CODE),
    }


def open_workspace(*, purchase: Subscription, opening: Opening, by: str) -> Tenant:
    """Open the workspace that was bought, as if it had been bought here; once per subscription.

    Its sign-up is made with the first call, and its subscription decides on access from then on. Asks
    nothing of Stripe. Raises `errors.Conflict` for what needs no workspace or a name that is taken,
    and `errors.Invalid` by field.
    """
    with transaction.atomic():
        locked = Subscription.objects.select_for_update(of=("self",)).get(pk=purchase.pk)
        signup = Signup.objects.filter(subscription_id=locked.pk).first()
        if signup is None:
            if not outside_purchases.is_waiting(locked.pk):
                raise errors.Conflict(_("This purchase needs no workspace any more."))
            signup = manual_mode.sign_up_for(
                opening, source=Source.STRIPE, subscription_id=locked.pk, interval=locked.interval
            )
    log.info("purchase at stripe opened", subscription=purchase.pk, signup=str(signup.pk), by=by)
    tenant = checkout.open_with_subscription(signup)
    outside_purchases.review(purchase)
    return tenant
