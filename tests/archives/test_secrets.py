"""What lets somebody act for another is in no CSV and in nothing that a customer takes along."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session

from devstack import pgbinaries
from public_apps.accounts import password_links
from public_apps.accounts.models import ApiKey, Role, User
from public_apps.core.schema_context import inside
from public_apps.tenants import domains
from public_apps.tenants.archives import importer, manifest, schema_contents, writer
from tests.accounts.account_api import ask, confirm_identity, enrol
from tests.archives.furnished import members, rows
from tests.core.web_stack import WebStack, create_workspace
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace

# Where the database keeps them, and how many at least the test has made.
KEPT = {
    "password hashes": ("SELECT password FROM accounts_user", 1),
    "one-time codes' secrets": ("SELECT data::jsonb ->> 'secret' FROM mfa_authenticator", 1),
    "recovery codes' seeds": ("SELECT data::jsonb ->> 'seed' FROM mfa_authenticator", 1),
    "API keys' digests": ("SELECT encode(digest::text::bytea, 'escape') FROM accounts_apikey", 1),
    "invitations' nonces": ("SELECT nonce::text FROM accounts_invitation", 1),
    "confirmations of addresses": ("SELECT key FROM account_emailconfirmation", 1),
}


def kept(schema_name: str) -> dict[str, list[str]]:
    """Return what the database keeps of each kind."""
    with inside(schema_name):
        found = {
            kind: [str(value) for (value,) in rows(query) if value]
            for kind, (query, _least) in KEPT.items()
        }
    assert all(len(found[kind]) >= least for kind, (_query, least) in KEPT.items()), found
    return found


def shown_to(person: Person) -> dict[str, list[str]]:
    """Make everything that is secret by the API, and return it as its owner saw it."""
    colleague = person.populated.person(
        Role.MANAGER, "Nikos"
    )  # with one-time codes one can't do this
    assert confirm_identity(colleague).status_code == 200
    new = {"email": "nikos-anew@secrets.example"}
    assert ask(colleague, "POST", "account/email", new).status_code == 200
    secret = enrol(person)
    codes = ask(person, "GET", "account/authenticators/recovery-codes").json()["data"]
    made = person.post("/api/keys/", {"name": "meter", "role": "staff"})
    key = made["key"]
    person.post("/api/invitations/", {"email": "guest@secrets.example", "role": "manager"})
    return {
        "the secret of one-time codes": [secret],
        "recovery codes": codes["unused_codes"],
        "the API key": [key, key.removeprefix(made["prefix"])],
        "sessions' tokens": [person.token, colleague.token],
    }


def whole_contents(every: dict[str, bytes], folder: Path) -> tuple[bytes, bytes]:
    """Return what an archive's `data/` holds, and what its dump does."""
    script = folder / "schema.dump"
    script.write_bytes(every["dump/schema.dump"])
    program = pgbinaries.find().folder / "pg_restore"
    dump = subprocess.run([program, "-f", "-", script], capture_output=True, check=True).stdout
    raw = b"".join(data for name, data in every.items() if name.startswith("data/"))
    return raw, dump


@pytest.fixture
def person(web_stack: WebStack) -> Person:
    """An owner with a workspace to herself."""
    workspace = create_workspace()
    with inside(workspace.tenant.schema_name):
        owner = User.objects.get(email=workspace.owner)
    return Person(PopulatedWorkspace(web_stack.http_client(), workspace), owner)


def test_no_secret_is_in_what_people_open(person: Person, tmp_path: Path) -> None:
    schema = person.populated.schema
    seen, stored = shown_to(person), kept(schema)
    with inside(schema):
        sessions = [*Session.objects.values_list("session_key", "session_data")]
    assert sessions
    archive = tmp_path / "archive.zip"
    writer.export(person.populated.workspace.tenant, to=archive)
    every = members(archive, "")
    for_people = {
        name: data for name, data in every.items() if not name.startswith(("data/", "dump/"))
    }
    assert person.populated.workspace.owner.encode() in for_people["tables/accounts_user.csv"]
    secrets = {**seen, **stored, "sessions": [each for pair in sessions for each in pair]}
    told = [
        (name, kind)
        for kind, values in secrets.items()
        for value in values
        for name, data in for_people.items()
        if value.encode() in data
    ]
    assert told == []

    # What brings people back in is there for a restore; what nobody may know, and sessions, nowhere.
    for whole in whole_contents(every, tmp_path):
        for kind, values in stored.items():
            assert all(value.encode() in whole for value in values), kind
        for values in (*seen.values(), [key for key, _data in sessions]):
            assert not any(value.encode() in whole for value in values)


def test_a_customers_archive_has_no_credentials_and_can_be_restored(
    person: Person, tmp_path: Path
) -> None:
    populated = person.populated
    seen, stored = shown_to(person), kept(populated.schema)
    archive = tmp_path / "mine.zip"
    writer.export(populated.workspace.tenant, to=archive, credentials=False)
    every = members(archive, "")
    assert not manifest.read(every["manifest.json"]).credentials
    for whole in (*whole_contents(every, tmp_path), b"".join(every.values())):
        for kind, values in {**seen, **stored}.items():
            assert not any(value.encode() in whole for value in values), kind
    assert populated.workspace.owner.encode() in every["data/accounts_user.copy"]
    assert b"meter" in every["tables/accounts_apikey.csv"]

    label = f"restored-{populated.workspace.tenant.pk}"
    tenant = importer.import_archive(archive, label=label)
    with inside(tenant.schema_name):
        owner = User.objects.get(email=populated.workspace.owner)
        assert not owner.has_usable_password()
        assert not ApiKey.objects.exists()
        assert User.objects.count() == 2
        key = password_links.new_key(owner)
    host = domains.url_of(tenant).partition("//")[2].partition("/")[0].partition(":")[0]
    http_client = populated.http_client
    new = {"key": key, "password": "another long password"}
    path = "/_allauth/app/v1/auth/password/reset"
    assert http_client.ask("POST", path, host=host, json=new).status_code == 401  # set: now sign in
    signing_in = {"email": owner.email, "password": "another long password"}
    answer = http_client.ask("POST", "/_allauth/app/v1/auth/login", host=host, json=signing_in)
    assert answer.status_code == 200


def test_every_secret_has_something_in_its_place_or_its_row_is_left_out() -> None:
    for table, columns in schema_contents.INSTEAD.items():
        assert columns.keys() == schema_contents.SECRETS[table], table
