"""`manage.py tenant export|import|restore`: a tenant and a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import CommandError

from public_apps.audit import audit
from public_apps.tenants import domains
from public_apps.tenants.archives import importer, pgdump, writer
from public_apps.tenants.archives import restore as restoring
from public_apps.tenants.archives.manifest import ArchiveRefused
from public_apps.tenants.lookup import named
from public_apps.tenants.models import Tenant

OPERATOR = "manage.py"
REFUSALS = (
    ArchiveRefused, restoring.NotRestored, pgdump.NoDump, domains.NotALabel, OSError, psycopg.Error,
)  # fmt: skip


def add_arguments(actions: Any) -> None:
    """Add the three subcommands."""
    export = actions.add_parser("export", help="write everything of a tenant to one archive")
    export.add_argument("tenant", help="subdomain or schema")
    export.add_argument("--to", required=True, help="a folder, or a file that is not there yet")
    export.add_argument(
        "--for-customer", action="store_true",
        help="leave out by what people sign in: after a restore they choose new passwords",
    )  # fmt: skip
    take = actions.add_parser("import", help="make a new tenant of an archive")
    take.add_argument("path")
    take.add_argument("--as", dest="label", default="", help="its subdomain; default: the old one")
    restore = actions.add_parser("restore", help="take a tenant back to an archive of its own")
    restore.add_argument("tenant", help="subdomain or schema")
    what = restore.add_mutually_exclusive_group(required=True)
    what.add_argument("--from", dest="path", help="build it beside, and swap; what was is kept")
    what.add_argument("--confirm", action="store_true", help="drop what is kept, for good")
    what.add_argument("--undo", action="store_true", help="go back to what is kept")
    restore.add_argument(
        "--of", default="", metavar="SCHEMA",
        help="the schema that an earlier release's archive names, if you know it was this tenant's",
    )  # fmt: skip
    for each in (take, restore):
        each.add_argument(
            "--trust", action="store_true", help="take an archive of another installation"
        )


def handle(options: dict[str, Any]) -> str:
    """Do what was asked and return what to tell; raises `CommandError`."""
    try:
        return ACTIONS[options["action"]](options)
    except domains.DomainTaken as refusal:
        raise CommandError(f"{refusal} is taken: name another with --as.") from refusal
    except REFUSALS as refusal:
        raise CommandError(str(refusal)) from refusal


def _export(options: dict[str, Any]) -> str:
    tenant = _named(options["tenant"])
    to = Path(options["to"])
    if to.is_dir():
        to = to / f"{options['tenant']}.zip"
    if to.exists():
        raise CommandError(f"{to} is there already.")
    written = writer.export(tenant, to=to, credentials=not options["for_customer"])
    detail = {"bytes": written.size, "credentials": written.manifest.credentials}
    audit.record(actor=OPERATOR, action="tenant.exported", target=tenant, detail=detail)
    return f"exported {tenant.schema_name} to {to} ({written.size} bytes)"


def _import(options: dict[str, Any]) -> str:
    path = Path(options["path"])
    tenant = importer.import_archive(path, label=options["label"], trust=options["trust"])
    audit.record(actor=OPERATOR, action="tenant.imported", target=tenant)
    return f"imported {tenant.schema_name} {domains.url_of(tenant)}"


def _restore(options: dict[str, Any]) -> str:
    tenant = _named(options["tenant"])
    if options["confirm"]:
        dropped = restoring.confirm(tenant)
        audit.record(actor=OPERATOR, action="tenant.restore_confirmed", target=tenant)
        return f"dropped {dropped}"
    if options["undo"]:
        kept = restoring.undo(tenant)
        audit.record(actor=OPERATOR, action="tenant.restore_undone", target=tenant)
        return f"back as it was; {kept.schema_name} is kept until --confirm"
    path, trust, of = Path(options["path"]), options["trust"], options["of"]
    kept = restoring.restore(tenant, path=path, trust=trust, of=of)
    audit.record(actor=OPERATOR, action="tenant.restored", target=tenant)
    return f"restored; {kept.schema_name} is kept until --confirm, or --undo"


ACTIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "export": _export,
    "import": _import,
    "restore": _restore,
}


def _named(name: str) -> Tenant:
    tenant = named(name)
    if tenant is None:
        raise CommandError(f"No tenant has the subdomain or schema {name!r}.")
    return tenant
