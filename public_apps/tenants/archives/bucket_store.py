"""Archives in a bucket of an S3-compatible store, for web and workers on different machines.

Only a few parts of an archive are in memory at a time, and one whose upload was cut off is not
there. Loaded only where it is used: boto3 takes half a second to import.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError
from django.conf import settings
from django.utils import timezone

from public_apps.tenants.archives.store_types import NoStore, NotKept

PIECE = 1024 * 1024
PARTS = TransferConfig(
    multipart_threshold=16 * PIECE, multipart_chunksize=16 * PIECE, max_concurrency=4
)
CONNECT_SECONDS, SILENT_SECONDS, ATTEMPTS = 5, 30, 3
# Which setting is wrong when the store says so.
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
BLAMED = {
    "AccessDenied": "ARCHIVE_S3_ACCESS_KEY_ID (may its key do that?) and ARCHIVE_STORE",
    "AuthorizationHeaderMalformed": "ARCHIVE_S3_REGION",
    "IllegalLocationConstraintException": "ARCHIVE_S3_REGION",
    "InvalidAccessKeyId": "ARCHIVE_S3_ACCESS_KEY_ID",
    "NoSuchBucket": "ARCHIVE_STORE",
    "PermanentRedirect": "ARCHIVE_S3_REGION",
    "SignatureDoesNotMatch": "ARCHIVE_S3_SECRET_ACCESS_KEY",
}
MISSING = frozenset({"NoSuchKey", "404"})


class BucketStore:
    """A bucket, or what lies under a prefix of one."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._bucket = parts.netloc
        prefix = parts.path.strip("/")
        self._prefix = f"{prefix}/" if prefix else ""

    def put(self, key: str, path: Path) -> None:
        """Keep a copy of a file, sent in parts."""
        with self._asked(key) as client:
            client.upload_file(str(path), self._bucket, self._prefix + key, Config=PARTS)

    def fetch(self, key: str, to: Path) -> None:
        """Write what is kept to a file."""
        with self._asked(key), self.open(key) as kept, to.open("wb") as file:
            shutil.copyfileobj(kept, file, PIECE)

    def open(self, key: str) -> BinaryIO:
        """Return what is kept, to be read as it arrives, and closed."""
        with self._asked(key) as client:
            answer = client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            return cast("BinaryIO", answer["Body"])

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin so, sorted."""
        with self._asked(prefix) as client:
            pages = client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            found = [each["Key"] for page in pages for each in page.get("Contents", ())]
        return sorted(key.removeprefix(self._prefix) for key in found if str(key).endswith(".zip"))

    def delete(self, key: str) -> None:
        """Destroy what is kept."""
        with self._asked(key) as client:
            client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def tidy(self, prefix: str = "", *, older_than: timedelta) -> None:
        """Give uploads up that were begun so long ago and never ended; their parts cost, too."""
        limit = timezone.now() - older_than  # noqa: TID251 - the bucket has a clock of its own
        with self._asked(prefix) as client:
            pages = client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            for each in [each for page in pages for each in page.get("Uploads", ())]:
                if each["Initiated"] <= limit:
                    client.abort_multipart_upload(
                        Bucket=self._bucket, Key=each["Key"], UploadId=each["UploadId"]
                    )

    @contextmanager
    def _asked(self, key: str) -> Iterator[Any]:
        """Lend the client, and say of its errors which setting they are about."""
        try:
            yield _client()
        except (BotoCoreError, ClientError, Boto3Error) as error:
            raise self._refusal(key, error) from error

    def _refusal(self, key: str, error: Exception) -> NoStore:
        # An upload's error is wrapped without a cause; what the store said is its context.
        said = error if isinstance(error, ClientError) else error.__context__
        code = said.response["Error"]["Code"] if isinstance(said, ClientError) else ""
        if code in MISSING:
            return NotKept(f"{key} is not in the bucket {self._bucket}.")
        blamed = BLAMED.get(code, "")
        if isinstance(error, EndpointConnectionError):
            blamed = "ARCHIVE_S3_ENDPOINT"
        hint = f" Look at {blamed}." if blamed else ""
        return NoStore(f"The bucket {self._bucket} did not do it: {error}{hint}")


def _client() -> Any:
    return _client_for(settings.ARCHIVE_S3)


@cache
def _client_for(access: Any) -> Any:
    """Return the client, made once in a process: threads may share it, and making it takes long."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=access.endpoint or None,
        region_name=access.region,
        aws_access_key_id=access.key_id,
        aws_secret_access_key=access.secret,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=SILENT_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            # A store of one's own seldom has a host name for each bucket.
            s3={"addressing_style": "path" if access.endpoint else "auto"},
            # Not every store knows Amazon's newer checksums; ours are in the archive's manifest.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
