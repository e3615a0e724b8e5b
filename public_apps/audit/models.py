"""Who did what, in public for our staff and in each tenant for its people; added to, never changed."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Entry(models.Model):
    """One deed. Names are kept as they were, for whoever did it or had it done may be gone.

    The migrations take the right to change or delete rows from the application's role.
    """

    at = models.DateTimeField(_("when"), default=timezone.now)
    actor = models.CharField(_("who"), max_length=254, help_text=_("an e-mail address, or a part"))
    actor_id = models.BigIntegerField(_("whose id here"), null=True, blank=True)
    impersonator = models.CharField(
        _("in truth"), max_length=254, blank=True, help_text=_("our staff, acting in that name")
    )
    api_key = models.CharField(
        _("by key"), max_length=120, blank=True, default="", db_default="",
        help_text=_("the key of a machine that acts for that person"),
    )  # fmt: skip
    action = models.CharField(_("did what"), max_length=80)
    target_type = models.CharField(_("kind"), max_length=80, blank=True)
    target_id = models.CharField(_("id"), max_length=255, blank=True)
    target = models.CharField(_("to what"), max_length=200, blank=True)
    detail = models.JSONField(_("detail"), default=dict, encoder=DjangoJSONEncoder)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest_first"),
            models.Index(fields=["target_type", "target_id", "-at"], name="audit_of_target"),
            models.Index(fields=["actor", "-at"], name="audit_of_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.target}".strip()
