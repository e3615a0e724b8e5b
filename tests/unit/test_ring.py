"""What the ring promises: no process, no socket, and rows that nobody else ever sees."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from django.db import connection
from pytest_socket import SocketBlockedError

from public_apps.accounts.models import User
from public_apps.core.models import SuppressedAddress
from public_apps.tenants.models import Tenant


def test_a_process_is_refused() -> None:
    with pytest.raises(pytest.fail.Exception, match="starts a process"):
        subprocess.run([sys.executable, "-V"], check=False)


def test_a_socket_is_refused() -> None:
    # Warnings are errors here, and it warns before it refuses.
    with pytest.raises((UserWarning, SocketBlockedError), match=r"tried to use socket"):
        socket.socket()


@pytest.mark.django_db
def test_a_mark_is_enough_to_get_a_database() -> None:
    assert Tenant.objects.exists()


@pytest.mark.parametrize("_time", ["first", "second"])
def test_rows_are_rolled_back(db: None, _time: str) -> None:
    assert not SuppressedAddress.objects.filter(address="eleni@acme.example").exists()
    SuppressedAddress.objects.create(address="eleni@acme.example")


@pytest.mark.parametrize("_time", ["first", "second"])
def test_a_workspace_is_there_with_a_schema_of_its_own(tenant: Tenant, _time: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        assert cursor.fetchone() == (tenant.schema_name,)
    assert not User.objects.filter(email="nikos@unit.example").exists()
    User.objects.create(email="nikos@unit.example")
