"""What grows without end and nobody needs any more: deleted in batches that hold no lock for long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction

from public_apps.core import clock
from public_apps.core.models import OutgoingMail

BATCH = 500
# The rest has its turn the next night: a first clearing of years must not be one night's work.
MOST = 100_000


def delete(rows: models.QuerySet[Any], *, batch: int = BATCH, most: int = MOST) -> int:
    """Delete these rows, a batch in each transaction and so many at most; return how many it was.

    The rows must be such that nobody needs again: others that come up meanwhile go, too.
    """
    deleted = 0
    while deleted < most:
        with transaction.atomic():
            locked = rows.select_for_update(skip_locked=True, of=("self",)).order_by("pk")
            found = list(locked.values_list("pk", flat=True)[:batch])
            rows.model._default_manager.filter(pk__in=found).delete()
        deleted += len(found)
        if len(found) < batch:
            break
    return deleted


def forget_mails() -> int:
    """Forget mails that were sent, given up or no longer wanted long ago; return how many it was.

    A row is what keeps its mail from being sent twice, so they stay for as long as anything may ask.
    """
    limit = clock.now() - timedelta(days=settings.MAIL_KEEP_DAYS)
    over = OutgoingMail.objects.filter(created_at__lt=limit)
    return delete(over.exclude(sent_at=None, failed_at=None, unwanted_at=None))
