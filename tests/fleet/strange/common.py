"""What several histories begin with."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models


def table(name: str, *more: tuple[str, Any], **options: Any) -> migrations.CreateModel:
    """Return the making of a table with a number and a name."""
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=80, default="")),
        *more,
    ]
    return migrations.CreateModel(name=name, fields=fields, options=options)
