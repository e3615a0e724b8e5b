"""However much a workspace holds, no list reads a whole table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client

from public_apps.core.schema_context import inside
from tests.core.web_stack import WebStack
from tests.tenant_api.endpoints import endpoints
from tests.tenant_api.sample_workspace import SampleWorkspace, furnished
from tests.tenant_api.volume import FEW, FIXED, fill, read_through

ROWS = 5_000
LISTS = sorted({"/api/audit/", *(each.path() for each in endpoints() if each.action == "list")})
# One each, or none yet in a workspace of one person; no list of the API shows them.
NEVER_MANY = {
    "account_emailconfirmation", "accounts_user_groups", "accounts_user_user_permissions",
    "announcements_read", "auth_group", "auth_group_permissions", "finances_chosenapartment",
    "home_logo", "home_sample", "home_sample_people", "mfa_authenticator",
}  # fmt: skip


class Full:
    """A workspace with thousands of rows of everything, and how many each table has."""

    def __init__(self, sample_workspace: SampleWorkspace) -> None:
        self.sample_workspace = sample_workspace
        with inside(self.sample_workspace.schema):
            self.rows = fill(ROWS)

    def read_through(self, path: str) -> dict[str, str]:
        """Ask as the owner; return the plans that read a whole big table, by query."""
        token = {"Authorization": f"Bearer {self.sample_workspace.token}"}
        client = Client(headers={"Host": self.sample_workspace.host, **token})
        return read_through(client, path, self.rows)


@pytest.fixture
def full(web_stack: WebStack) -> Iterator[Full]:
    """One that is only there for the test: nobody else must carry these rows along."""
    sample_workspace = furnished(web_stack.http_client())
    assert sample_workspace.token  # from a session that the web server knows, too
    with transaction.atomic():
        yield Full(sample_workspace)
        transaction.set_rollback(True)


def test_no_list_of_the_api_reads_a_whole_table(full: Full) -> None:
    almost_empty = {table for table, rows in full.rows.items() if rows <= FEW}
    assert almost_empty <= FIXED | NEVER_MANY, "nothing is proven of a list with nothing in it"
    wasteful = {path: full.read_through(path) for path in LISTS}
    assert {path: found for path, found in wasteful.items() if found} == {}
    # A name that nobody bears: all people are read before that is known.
    assert full.read_through("/api/members/?search=nobody"), "or else nothing is seen at all"
