"""Settings about the store for archives: a folder, or a bucket of an S3-compatible store."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import environ

from config.env import LOOPBACK, UnsafeSetting, text

S3_SCHEME = "s3://"
# Amazon's rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._-]+)*/?")
NAMES = ("ARCHIVE_S3_ACCESS_KEY_ID", "ARCHIVE_S3_SECRET_ACCESS_KEY")


@dataclass(frozen=True, kw_only=True)
class S3Access:
    """How an S3-compatible store is reached; no endpoint means Amazon's own."""

    endpoint: str
    region: str
    key_id: str
    secret: str = field(repr=False)


def store(env: environ.Env) -> str:
    """Return where archives are kept: a folder, `s3://bucket/prefix`, or nothing for nowhere."""
    named = text(env, "ARCHIVE_STORE")
    if "://" in named and not BUCKET.fullmatch(named):
        raise UnsafeSetting(
            f"ARCHIVE_STORE is {named!r}: name a folder, or a bucket as s3://bucket/prefix."
        )
    if named.startswith(S3_SCHEME):
        for name in NAMES:
            if not text(env, name):
                raise UnsafeSetting(f"{name} is missing: ARCHIVE_STORE names a bucket.")
    return named


def s3_access(env: environ.Env, *, debug: bool) -> S3Access:
    """Return how a bucket would be reached; archives travel unsealed, so plain http is for near."""
    endpoint = text(env, "ARCHIVE_S3_ENDPOINT").rstrip("/")
    parts = urlsplit(endpoint)
    if endpoint and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise UnsafeSetting(
            f"ARCHIVE_S3_ENDPOINT is {endpoint!r}: set scheme and host, such as https://s3.example."
        )
    host = parts.hostname or ""
    if parts.scheme == "http" and not (debug or host in LOOPBACK or host.endswith(".internal")):
        raise UnsafeSetting(
            "ARCHIVE_S3_ENDPOINT must start with https:// beyond a private network."
        )
    key_id, secret = (text(env, name) for name in NAMES)
    region = text(env, "ARCHIVE_S3_REGION") or "us-east-1"
    return S3Access(endpoint=endpoint, region=region, key_id=key_id, secret=secret)
