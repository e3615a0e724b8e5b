"""Rows that people edit side by side: a version each, so that nobody overwrites what they didn't see."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from public_apps.core.schema_context import current


class Versioned(models.Model):
    """Counts its changes. Lock the row before you change it, or two changes share a number."""

    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Save as the next version."""
        if not self._state.adding:
            self.version += 1
            if update_fields is not None:
                update_fields = {*update_fields, "version"}
        super().save(*args, update_fields=update_fields, **kwargs)

    @property
    def etag(self) -> str:
        """Return this version's strong ETag; the same row of another tenant has another one."""
        name = f"{current()}|{self._meta.label}|{self.pk}|{self.version}"
        return f'"{hashlib.sha256(name.encode()).hexdigest()[:32]}"'
