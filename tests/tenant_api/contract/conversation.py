"""Talking to an API as its own document says one may, and checking each answer against it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.tenant_api.operations import SIGN_IN

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
Described = APIOperation[Any, Any, Any, Any]


def checks_of(status: int) -> list[Any]:
    """Return what an answer is held against; Stripe isn't here, and to say so is documented."""
    told = status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}
    return [each for each in CHECKS if not told or each is not not_a_server_error]


@dataclass
class Conversation:
    """What was said to a server, and what of its answers was not as documented."""

    url: str
    host: str
    headers: dict[str, str]
    examples: int
    faults: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.connection = requests.Session()
        self.connection.headers.update({**self.headers, "Host": self.host})
        served = self.connection.get(f"{self.url}/api/schema/?format=json", timeout=60)
        self.document = schemathesis.openapi.from_dict(served.json())
        self.document.config.update(base_url=self.url)

    def operations(self) -> Iterator[tuple[str, Described]]:
        """Yield each operation with its id."""
        for found in self.document.get_all_operations():
            assert isinstance(found, Ok), found
            operation = found.ok()
            if operation.path.startswith(SIGN_IN):
                continue
            yield operation.definition.raw["operationId"], operation

    def explore(
        self, name: str, operation: Described, ids: dict[str, Any], *, known: float = 0.5
    ) -> None:
        """Say what comes to mind that the document allows; `known` of it about rows that are there."""
        chance = random.Random(name)  # noqa: S311 - the same talk each time

        @settings(
            max_examples=self.examples, deadline=None, database=None, derandomize=True,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def talk(case: Case[Any]) -> None:
            if ids and chance.random() < known:
                case.path_parameters.update(ids)
            self.say(name, case)

        talk()

    def example(self, name: str, operation: Described, content: dict[str, Any], **ids: Any) -> None:
        """Say what is known to be taken."""
        case = operation.Case(path_parameters=ids)
        if "json" in content and content["json"] and operation.body:
            case.body, case.media_type = content["json"], "application/json"
        self.say(name, case, **({"files": content["files"]} if "files" in content else {}))

    def say(self, name: str, case: Case[Any], **kwargs: Any) -> None:
        """Send one request and check the answer."""
        answer = case.call(session=self.connection, timeout=60, **kwargs)
        self.statuses.setdefault(name, set()).add(answer.status_code)
        try:
            case.validate_response(answer, checks=checks_of(answer.status_code))
        except FailureGroup as failures:
            said = "; ".join(f"{each.title}: {each.message}" for each in failures.exceptions)
            asked = f"{case.method} {case.formatted_path} {case.query} {case.body!r}"
            self.faults.setdefault(name, f"{asked[:300]} → {answer.status_code}: {said[:600]}")
