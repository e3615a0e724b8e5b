"""`manage.py domain`: what operators do for a customer who is on the telephone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.core.web_stack import WebStack, create_workspace
from tests.domains.moving import new_host
from tests.domains.name_server import NameServer


def test_an_operator_takes_a_domain_from_its_records_to_the_first_address(
    web_stack: WebStack, zone: NameServer, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace, host = create_workspace(), new_host()

    def do(action: str, *words: str) -> dict[str, Any]:
        call_command("domain", action, workspace.tenant.schema_name, *words)
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        return told

    records = do("add", host)["own"][0]["records"]
    assert do("verify", host)["own"][0]["problem"] == "no_proof"
    with pytest.raises(CommandError):
        do("first", host)
    for record in records:
        zone.set(record["name"], record["type"], record["value"])
    assert do("verify", host)["own"][0]["verified_at"]
    assert do("first", host)["first"] == host
    assert do("first", workspace.host)["first"] == workspace.host
    assert do("remove", host)["own"] == []
    assert do("list")["own"] == []
