"""What is given in the environment wins; what is made up stays the same from run to run."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path

import pytest

from devstack import environment, ports
from devstack.ports import PortTaken
from devstack.run_directory import Memory, StateInUse, write_private
from devstack.stack import Stack


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DJANGO_DEBUG", "False"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_old,whsec_new"),
        ("STRIPE_SECRET_KEY", "sk_test_mine"),
        ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend"),
        ("TENANT_BASE_DOMAIN", "example.test"),
        ("DATABASE_URL", "postgresql://db.example/mine"),
        ("STRIPE_API_BASE", "http://stripe.example"),
        ("DJANGO_SUPERUSER_PASSWORD", "mine"),
    ],
)
def test_a_given_setting_wins(
    tmp_path: Path, outside: dict[str, str], name: str, value: str
) -> None:
    with Stack(tmp_path, environ={**outside, name: value}) as stack:
        assert stack.env[name] == value


def test_an_empty_setting_counts_as_not_given(tmp_path: Path, outside: dict[str, str]) -> None:
    with Stack(tmp_path, environ={**outside, "DATABASE_URL": "", "PORT": ""}) as stack:
        assert stack.database_url.startswith("postgresql://concierge:")
        assert int(stack.env["PORT"]) == stack.web_port


def test_a_given_stripe_means_no_mock_of_ours(tmp_path: Path, outside: dict[str, str]) -> None:
    given = {**outside, "STRIPE_API_BASE": "http://127.0.0.1:9/"}
    with Stack(tmp_path, environ=given) as stack:
        assert "mock_stripe" not in stack.ours
        assert stack.mock_url == "http://127.0.0.1:9"


def test_keys_and_ports_stay_the_same_from_run_to_run(
    tmp_path: Path, outside: dict[str, str]
) -> None:
    with Stack(tmp_path, environ=outside) as first:
        before = first.env
    with Stack(tmp_path, environ=outside) as second:
        assert second.env == before


def test_two_stacks_share_neither_ports_nor_keys(tmp_path: Path, outside: dict[str, str]) -> None:
    with (
        Stack(tmp_path / "a", environ=outside) as one,
        Stack(tmp_path / "b", environ=outside) as two,
    ):
        for name in ("PORT", "STRIPE_API_BASE", "EMAIL_PORT", "DATABASE_URL", "DJANGO_SECRET_KEY"):
            assert one.env[name] != two.env[name], name


def test_one_folder_holds_one_run(tmp_path: Path, outside: dict[str, str]) -> None:
    with (
        Stack(tmp_path, environ=outside),
        pytest.raises(StateInUse, match=rf"in use by process {os.getpid()}"),
    ):
        Stack(tmp_path, environ=outside, patience=0.2)
    with Stack(tmp_path, environ=outside, patience=0):
        pass


def test_a_port_that_was_asked_for_is_taken_or_refused(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "ports.json")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=f"PORT={number}: something else already listens"):
            ports.choose("PORT", asked=str(number), memory=memory)
    assert ports.choose("PORT", asked=str(number), memory=memory) == number
    for nonsense in ("http", "0", "65536", "-1"):
        with pytest.raises(PortTaken, match="is not a port number"):
            ports.choose("PORT", asked=nonsense, memory=memory)


def test_a_remembered_port_is_left_to_whoever_has_it_now(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "ports.json")
    first = ports.choose("PORT", asked=None, memory=memory)
    assert ports.choose("PORT", asked=None, memory=memory) == first
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", first))
        squatter.listen()
        assert ports.choose("PORT", asked=None, memory=memory) != first


def test_a_shell_reads_settings_back_as_they_are(tmp_path: Path) -> None:
    settings = {
        "DEFAULT_FROM_EMAIL": 'New "Concierge" <noreply@newconcierge.gr>',
        "DJANGO_SECRET_KEY": "a'b$(touch owned) `id` \\ # ;é",
        "METRICS_TOKEN": "plain",
    }
    file = tmp_path / "demo.env"
    write_private(file, environment.as_shell(settings))
    assert file.stat().st_mode & 0o777 == 0o600
    show = 'set -a; . "$0"; exec python3 -c "import json, os; print(json.dumps(dict(os.environ)))"'
    done = subprocess.run(
        ["/bin/sh", "-c", show, str(file)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert settings.items() <= json.loads(done.stdout).items()
    assert not (tmp_path / "owned").exists()


def test_a_stack_in_such_a_shell_has_a_postgresql_of_its_own(
    tmp_path: Path, outside: dict[str, str]
) -> None:
    told = environment.marked({"DATABASE_URL": "postgresql://demo", "PORT": "8000"})
    with Stack(tmp_path, environ={**outside, **told}) as stack:
        assert "postgres" in stack.ours
        assert environment.MARK not in stack.env
