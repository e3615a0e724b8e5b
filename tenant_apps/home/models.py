"""Sample data, known as such so that it can be removed whole; and the workspace's own sign."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenant_apps.buildings.models import Building
from tenant_apps.files.models import StoredFile


class Sample(models.Model):
    """A building that is only there to be looked at, and the people invented for it."""

    building = models.OneToOneField(Building, related_name="sample", on_delete=models.PROTECT)
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    made_at = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        verbose_name = _("sample")
        verbose_name_plural = _("samples")
        constraints = [
            # One for each workspace: the expression is the same for every row.
            models.UniqueConstraint(models.Value(1), name="one_sample"),
        ]

    def __str__(self) -> str:
        return str(self.building)


class Logo(models.Model):
    """The picture that stands for the workspace; none means ours."""

    file = models.OneToOneField(StoredFile, related_name="+", on_delete=models.PROTECT)

    class Meta:
        verbose_name = _("logo")
        verbose_name_plural = _("logos")
        constraints = [models.UniqueConstraint(models.Value(1), name="one_logo")]

    def __str__(self) -> str:
        return str(self.file)
