"""Who has had a free trial, so that nobody has a second one."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class TrialTaken(models.Model):
    """A trial that began, known by a keyed digest of who had it: it can't be read back."""

    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    subscription_id = models.CharField(_("subscription"), max_length=255, editable=False)
    began_at = models.DateTimeField(_("began"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("trial taken")
        verbose_name_plural = _("trials taken")

    def __str__(self) -> str:
        return self.subscription_id
