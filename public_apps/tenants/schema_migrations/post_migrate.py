"""What `post_migrate` adds to a schema, content types and permissions, in four queries at most.

Django's receivers ask and insert app by app, some seventy queries a schema. The rows, their order
and so their ids are the same here: test_same_as_django holds one against the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from weakref import ReferenceType

from django.apps import apps as current_apps
from django.contrib.auth.management import _get_all_permissions, create_permissions  # type: ignore[attr-defined]  # what create_permissions itself asks
from django.contrib.contenttypes.management import (
    create_contenttypes,
    inject_rename_contenttypes_operations,
)
from django.db import connection, router
from django.db.migrations.state import ProjectState
from django.db.models.signals import post_migrate, pre_migrate
from django.dispatch import Signal

Known = set[Callable[..., Any]]
_AFTER: Known = {create_contenttypes, create_permissions}
_BEFORE: Known = {inject_rename_contenttypes_operations}
Model = tuple[str, str]  # an app's label, a model's name in lower case


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The rows that a schema shall hold, in the order in which Django would add them."""

    apps: Any
    models: tuple[Model, ...]
    permissions: tuple[tuple[Model, str, str], ...]


def receivers_are_known() -> bool:
    """Whether only Django's own listen to tenants' migrations: others' effects we can't foresee."""
    return set(_listening(post_migrate)) <= _AFTER and set(_listening(pre_migrate)) <= _BEFORE


def wanted_by(state: ProjectState) -> Wanted:
    """Return what the models of a state want."""
    state.clear_delayed_apps_cache()  # as `migrate` does: the order of models, and so ids, depend on it
    models = [
        ((model._meta.app_label, str(model._meta.model_name)), model._meta)
        for config in current_apps.get_app_configs()
        if config.models_module and config.label in state.apps.app_configs
        for model in state.apps.get_app_config(config.label).get_models()
    ]
    return Wanted(
        apps=state.apps,
        models=tuple(model for model, _meta in models),
        permissions=tuple(
            (model, codename, name)
            for model, meta in models
            for codename, name in _get_all_permissions(meta)
        ),
    )


def ensure(wanted: Wanted) -> None:
    """Add to the current schema the rows that it lacks; call it in a transaction."""
    if ("contenttypes", "contenttype") not in wanted.models:
        return
    types = _ensure_types(wanted)
    if ("auth", "permission") not in wanted.models:
        return
    permission = wanted.apps.get_model("auth", "Permission")
    there = set(permission.objects.values_list("content_type_id", "codename"))
    permission.objects.bulk_create(
        permission(content_type_id=types[model], codename=codename, name=name)
        for model, codename, name in wanted.permissions
        if (types[model], codename) not in there
    )


def _ensure_types(wanted: Wanted) -> dict[Model, int]:
    content_type = wanted.apps.get_model("contenttypes", "ContentType")
    there = {
        (label, model): pk
        for pk, label, model in content_type.objects.values_list("pk", "app_label", "model")
    }
    lacking = [model for model in wanted.models if model not in there]
    made = content_type.objects.bulk_create(
        content_type(app_label=label, model=model) for label, model in lacking
    )
    return there | {model: row.pk for model, row in zip(lacking, made, strict=True)}


def _listening(signal: Signal) -> Iterator[Callable[..., Any]]:
    """Yield who listens, but for those to an app that does not live in the current schema."""
    elsewhere = {
        id(config)
        for config in current_apps.get_app_configs()
        if not router.allow_migrate(connection.alias, config.label)
    }
    for (_receiver_id, sender_id), reference, *_more in signal.receivers:
        receiver = reference() if isinstance(reference, ReferenceType) else reference
        if receiver is not None and sender_id not in elsewhere:
            yield receiver
