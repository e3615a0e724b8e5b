"""What `post_migrate` adds to a schema, and who else listens to tenants' migrations.

Django's receivers ask and insert app by app, some seventy queries a schema: here it is four at most. The
rows, their order and so their ids are the same: test_same_as_django holds one against the other. Others'
receivers are called as `migrate` would call them, for nobody can foresee what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import ReferenceType

from django.apps import AppConfig
from django.apps import apps as current_apps
from django.contrib.auth.management import _get_all_permissions, create_permissions  # type: ignore[attr-defined]  # what create_permissions itself asks
from django.contrib.contenttypes.management import (
    create_contenttypes,
    inject_rename_contenttypes_operations,
)
from django.contrib.sites.management import create_default_site
from django.db import connection, router
from django.db.migrations import Migration
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.signals import post_migrate, pre_migrate
from django.dispatch import Signal

Receiver = Callable[..., Any]
KNOWN: frozenset[Receiver] = frozenset(
    {
        create_contenttypes,
        create_permissions,
        create_default_site,
        inject_rename_contenttypes_operations,
    }
)
ID_OF_ALL = id(None)  # how Django's signals write a sender of None
Model = tuple[str, str]  # an app's label, a model's name in lower case


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The rows that a schema shall hold, in the order in which Django would add them."""

    apps: Any
    models: tuple[Model, ...]
    permissions: tuple[tuple[Model, str, str], ...]


def strangers_listen() -> bool:
    """Whether anybody but Django's own listens to tenants' migrations."""
    return any(
        receiver not in KNOWN
        for signal in (pre_migrate, post_migrate)
        for config in current_apps.get_app_configs()
        for receiver in _listening(signal, config)
    )


def announce(signal: Signal, apps: Any, plan: Sequence[tuple[Migration, bool]]) -> None:
    """Send `pre_migrate` or `post_migrate` for every app, as `migrate` does, to strangers alone.

    But not to those who listen to an app of their own that does not live in tenants.
    """
    for config in current_apps.get_app_configs():
        if config.models_module is None:
            continue
        for receiver in _listening(signal, config):
            if receiver not in KNOWN:
                receiver(
                    signal=signal, sender=config, app_config=config, verbosity=0, interactive=False,
                    using=connection.alias, apps=apps, plan=list(plan),
                )  # fmt: skip


def apps_after(state: ProjectState) -> Any:
    """Return a state's models as receivers of `post_migrate` get them: those of the code included."""
    state.clear_delayed_apps_cache()
    apps = state.apps
    with apps.bulk_update():
        keys = [(each.app_label, each.name_lower) for each in apps.real_models]
        for key in keys:
            apps.unregister_model(*key)
    apps.render_multiple([ModelState.from_model(current_apps.get_model(*key)) for key in keys])
    return apps


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
    has_types = _lives_here(wanted, "contenttypes", "contenttype")
    types = _ensure_types(wanted) if has_types else {}
    if _lives_here(wanted, "auth", "permission"):
        if has_types:
            _ensure_permissions(wanted, types)
        else:  # content types are public's: as Django finds them there
            for config in current_apps.get_app_configs():
                create_permissions(config, verbosity=0, using=connection.alias, apps=wanted.apps)
    if _lives_here(wanted, "sites", "site"):
        sites = current_apps.get_app_config("sites")
        create_default_site(sites, verbosity=0, using=connection.alias, apps=wanted.apps)


def _lives_here(wanted: Wanted, label: str, name: str) -> bool:
    return (label, name) in wanted.models and router.allow_migrate(
        connection.alias, label, model_name=name
    )


def _ensure_permissions(wanted: Wanted, types: dict[Model, int]) -> None:
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


def _listening(signal: Signal, config: AppConfig) -> Iterator[Receiver]:
    """Yield who listens to an app, but for those to an app alone that does not live in the schema."""
    lives_here = router.allow_migrate(connection.alias, config.label)
    for (_receiver_id, sender_id), reference, *_more in signal.receivers:
        receiver = reference() if isinstance(reference, ReferenceType) else reference
        to_all = sender_id == ID_OF_ALL
        if receiver is not None and (to_all or (lives_here and sender_id == id(config))):
            yield receiver
