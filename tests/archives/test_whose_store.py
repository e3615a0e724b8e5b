"""A store is one installation's: copies of its database touch nothing in it, nor do restored ones."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from devstack.stack import Stack
from tests import templates
from tests.core.web_stack import plain_environ

NEW = """
from django.db import transaction
from public_apps.accounts import first_owner
from public_apps.tenants import domains, provisioning
from public_apps.tenants.models import Tenant
with transaction.atomic():
    tenant = provisioning.take_tenant(name="{label}", owner_email="{label}@example.com")
    domains.ensure_primary(tenant, label="{label}")
first_owner.ensure_owner(
    schema_name=tenant.schema_name, email="{label}@example.com", first_name="", last_name="",
    language="en",
)
provisioning.open_tenant(tenant)
print(tenant.pk)
"""
# In the same process: each command of its own costs seconds.
BACKED_UP = """
from django.core.management import call_command
call_command("backup", "--all", "--fresh-for", "0")
"""
EXPIRED = """
from django.utils import timezone
from public_apps.tenants.archives import exports
from public_apps.tenants.models import Export
from public_apps.tenants.models import Tenant
tenant = Tenant.objects.serving().get()
export = Export.objects.create(tenant=tenant, asked_by="eleni@example.com")
exports.make(export, told=print)
Export.objects.update(expires_at=timezone.now())
"""
SWEEP = """
from public_apps.tenants.archives import tasks
tasks.sweep_exports(timestamp=0)
tasks.back_up_all(timestamp=0)
tasks.rehearse_restore(timestamp=0)
"""
ERASE = """
from datetime import timedelta
from django.utils import timezone
from public_apps.tenants.offboarding import departures, steps
from public_apps.tenants.models import Departure
from public_apps.tenants.models import Tenant
departures.request_erasure(tenant=Tenant.objects.serving().get(), by="eleni@example.com")
Departure.objects.update(begins_at=timezone.now() - timedelta(days=1))
steps.STILL_IN_USE = timedelta(0)
print(steps.proceed(Departure.objects.get().pk).error)
"""


class House:
    """A database with one customer, and a store that keeps but one backup of each."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.store = Path(stack.env["ARCHIVE_STORE"])

    def manage(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run an operator's command."""
        kept = {"BACKUP_KEEP": "1", "TENANT_POOL_SIZE": "0", **environ}
        return self.stack.manage(*arguments, environ=kept)

    def say(self, script: str, **environ: str) -> str:
        """Run some code; return what it printed last, behind what was logged."""
        done = self.manage("shell", "-v0", "-c", script, **environ)
        assert done.returncode == 0, done.stderr
        return (done.stdout.splitlines() or [""])[-1]

    def back_up(self, **environ: str) -> subprocess.CompletedProcess[str]:
        """Back everybody up, however fresh the last one is."""
        return self.manage("backup", "--all", "--fresh-for", "0", **environ)

    def kept(self) -> dict[str, bytes]:
        """Return all that is in the store."""
        files = [path for path in self.store.rglob("*") if path.is_file()]
        return {path.relative_to(self.store).as_posix(): path.read_bytes() for path in files}

    def copy(self, source: str, name: str) -> str:
        """Copy a database on its server, as a dump and its restore would; return the copy's address."""
        assert self.stack.postgres
        with psycopg.connect(self.stack.postgres.superuser_url, autocommit=True) as server:
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            server.execute(f"CREATE DATABASE {name} TEMPLATE {source} OWNER concierge".encode())
        return self.stack.database_url.rpartition("/")[0] + f"/{name}"


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A database of its own, for it will be lost."""
    folder = tmp_path_factory.mktemp("house")
    stack = Stack(folder, environ=plain_environ(), template=templates.at_head())
    try:
        stack.start_part("postgres")
        house = House(stack)
        house.say(NEW.format(label="acme") + BACKED_UP)
        yield house
    finally:
        stack.discard()


def test_a_copy_beside_its_original_touches_nothing_in_the_store(house: House) -> None:
    house.say(EXPIRED)
    copy, kept = house.copy("concierge", "staging"), house.kept()
    whose = "belongs to the installation at localhost"
    for command in ("--all", "--test"):
        refused = house.manage("backup", command, DATABASE_URL=copy)
        assert (refused.returncode, whose in refused.stderr) == (1, True)
    assert whose in house.manage("doctor", DATABASE_URL=copy).stdout
    house.say(SWEEP, DATABASE_URL=copy)
    assert whose in house.say(ERASE, DATABASE_URL=copy)
    # A copy of the whole disk has the same database on the same server, at an address of its own.
    assert whose in house.back_up(TENANT_BASE_DOMAIN="staging.example.com").stderr
    assert house.kept() == kept

    assert house.back_up().returncode == 0
    house.say(SWEEP)
    assert not any(key.endswith(".customer.zip") for key in house.kept())
    assert len(house.kept()) == 2, "one backup and the mark"


def test_a_lost_customers_archives_are_nobody_elses(house: House, tmp_path: Path) -> None:
    house.copy("concierge", "dumped")
    lost = house.say(BACKED_UP.join((NEW.format(label="lost"), "print(tenant.pk)")))
    (theirs,) = [house.store / key for key in house.kept() if "lost" in owner_in(house, key)]

    house.copy("dumped", "concierge")  # the disk is gone; the dump comes back
    assert int(house.say(NEW.format(label="newcomer"))) > int(lost), "no number is given twice"
    refused = house.back_up()
    assert refused.returncode == 1
    assert "manage.py backup --claim localhost" in refused.stderr
    assert house.manage("backup", "--claim", "elsewhere.example.com").returncode == 1
    claimed = house.manage("backup", "--claim", "localhost")
    assert claimed.returncode == 0, claimed.stderr
    assert house.back_up().returncode == 0
    assert theirs.is_file(), "whom nobody knows any more is not pruned"

    wrong = house.manage("tenant", "restore", "newcomer", "--from", str(theirs))
    assert wrong.returncode == 1
    assert "archive of 'lost'" in wrong.stderr
    back = house.manage("tenant", "import", str(theirs))
    assert back.returncode == 0, back.stderr
    assert "lost" in back.stdout


def owner_in(house: House, key: str) -> str:
    """Return whose address an archive holds."""
    if not key.endswith(".zip"):
        return ""
    with zipfile.ZipFile(house.store / key) as archive:
        return str(json.loads(archive.read("manifest.json"))["tenant"]["owner_email"])


def test_what_an_earlier_release_kept_goes_only_when_somebody_has_said_whose_it_is(
    house: House,
) -> None:
    number = house.say(
        "from public_apps.tenants.models import Tenant; print(Tenant.objects.get().pk)"
    )
    (house.store / "installation/mark.json").unlink()  # no release before this one knew marks
    (fresh,) = house.store.glob("tenant-*/*.backup.zip")
    earlier = house.store / f"tenant-{number}"
    fresh.parent.rename(earlier)
    before_it_was_made = earlier / "20260101T010000.000000Z.backup.zip"
    before_it_was_made.write_bytes(b"whose number it had")

    assert house.back_up().returncode == 0
    told = house.manage("doctor").stdout
    assert "2 archives of an earlier release" in told
    assert "have no backup" not in told
    assert (earlier / fresh.name).is_file()
    assert house.manage("backup", "--claim", "localhost").returncode == 0
    assert house.back_up().returncode == 0
    assert not (earlier / fresh.name).exists()
    assert before_it_was_made.is_file()
    assert not re.search("archives of an earlier release", house.manage("doctor").stdout)
    assert house.say(ERASE) == ""
    assert set(house.kept()) == {
        "installation/mark.json", f"tenant-{number}/{before_it_was_made.name}",
    }  # fmt: skip
