"""A server that speaks S3 on loopback, checks signatures, and forgets everything when it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3

from config.archives import S3Access
from devstack import ports

BUCKET = "archives"
# What happens before there is a key: four calls need none, then every one needs a good signature.
SETTING_UP = {"INITIAL_NO_AUTH_ACTION_COUNT": "4"}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}


@dataclass(frozen=True)
class S3Server:
    """A bucket, and how it is reached."""

    access: S3Access

    @property
    def environ(self) -> dict[str, str]:
        """The settings of a process that keeps its archives here."""
        return {
            "ARCHIVE_STORE": f"s3://{BUCKET}/con/cierge",
            "ARCHIVE_S3_ENDPOINT": self.access.endpoint,
            "ARCHIVE_S3_ACCESS_KEY_ID": self.access.key_id,
            "ARCHIVE_S3_SECRET_ACCESS_KEY": self.access.secret,
        }

    @property
    def client(self) -> Any:
        """Somebody else with the same key."""
        return _client("s3", self.access)


@contextmanager
def serving(folder: Path) -> Iterator[S3Server]:
    """Start it with one bucket and one key, and end it."""
    port = ports.free()
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    with (
        (folder / "s3.log").open("wb") as log,
        subprocess.Popen(command, env={**os.environ, **SETTING_UP}, stdout=log, stderr=log) as it,
    ):
        try:
            _wait_for(port, it)
            yield S3Server(_set_up(f"http://127.0.0.1:{port}"))
        finally:
            it.kill()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/moto-api/")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
    raise TimeoutError("the S3 server did not start")


def _set_up(endpoint: str) -> S3Access:
    nobody = S3Access(endpoint=endpoint, region="us-east-1", key_id="nobody", secret="none")
    _client("s3", nobody).create_bucket(Bucket=BUCKET)
    people = _client("iam", nobody)
    people.create_user(UserName="concierge")
    key = people.create_access_key(UserName="concierge")["AccessKey"]
    people.put_user_policy(
        UserName="concierge", PolicyName="archives", PolicyDocument=json.dumps(POLICY)
    )
    return S3Access(
        endpoint=endpoint,
        region="us-east-1",
        key_id=key["AccessKeyId"],
        secret=key["SecretAccessKey"],
    )


def _client(service: str, access: S3Access) -> Any:
    return boto3.session.Session().client(
        service,
        endpoint_url=access.endpoint,
        region_name=access.region,
        aws_access_key_id=access.key_id,
        aws_secret_access_key=access.secret,
    )
