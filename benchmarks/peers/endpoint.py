"""Makes dj-stripe's tables and an endpoint that checks signatures, and prints the endpoint's path.

The account and its key are there beforehand: dj-stripe would ask Stripe for them at its first event.
"""

from __future__ import annotations

import os

import django
from django.core.management import call_command
from django.urls import reverse


def main() -> None:
    """Do it; DATABASE_URL, STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET say where and with what."""
    django.setup()
    from djstripe.models import Account, APIKey, WebhookEndpoint

    call_command("migrate", run_syncdb=True, verbosity=0)
    account = Account.objects.create(id="acct_bench", livemode=False)
    key, _new = APIKey.objects.get_or_create_by_api_key(os.environ["STRIPE_SECRET_KEY"])
    APIKey.objects.filter(pk=key.pk).update(djstripe_owner_account=account)
    endpoint = WebhookEndpoint.objects.create(
        id="we_bench", livemode=False, secret=os.environ["STRIPE_WEBHOOK_SECRET"],
        url="https://bench.example/", status="enabled", enabled_events=["*"],
        djstripe_owner_account=account,
    )  # fmt: skip
    print(reverse("djstripe:djstripe_webhook_by_uuid", args=[endpoint.djstripe_uuid]))


if __name__ == "__main__":
    main()
