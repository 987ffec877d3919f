"""Backups in a bucket of an S3-compatible store. An object is there once its last piece is."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any
from urllib.parse import urlsplit

import boto3
import smart_open
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from newsroom.backups.place import MANIFEST, File, NotReady

PIECE = 50 << 20  # bytes; S3 takes 10,000 of them, so 500 GB
CONFIG = Config(
    connect_timeout=10,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 4},
    # Not all compatible stores know the newer checksums, and each piece is sealed as it is.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
# What S3 answers, and what that means here.
MEANS = {
    "AccessDenied": "BACKUP_S3_ACCESS_KEY may not do that there",
    "AuthorizationHeaderMalformed": "BACKUP_S3_REGION is another one",
    "InvalidAccessKeyId": "it does not know BACKUP_S3_ACCESS_KEY",
    "NoSuchKey": "a part of that backup is gone",
    "NoSuchBucket": "there is no such bucket: make it first, closed to the public",
    "RequestTimeTooSkewed": "the clock of this machine is wrong",
    "SignatureDoesNotMatch": "BACKUP_S3_SECRET_KEY is not that of BACKUP_S3_ACCESS_KEY",
}


class Bucket:
    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.name, self.prefix = parts.netloc, parts.path.strip("/")
        if self.prefix:
            self.prefix += "/"
        known = {
            name: os.environ.get(f"BACKUP_S3_{name}", "")
            for name in ("ACCESS_KEY", "SECRET_KEY", "ENDPOINT", "REGION")
        }
        if not (self.name and known["ACCESS_KEY"] and known["SECRET_KEY"]):
            raise NotReady(
                "BACKUP_DIR is on S3: set BACKUP_S3_ACCESS_KEY and BACKUP_S3_SECRET_KEY, and "
                "BACKUP_S3_ENDPOINT if it is not Amazon's."
            )
        self.client: Any = boto3.client(
            "s3",
            aws_access_key_id=known["ACCESS_KEY"],
            aws_secret_access_key=known["SECRET_KEY"],
            endpoint_url=known["ENDPOINT"] or None,
            region_name=known["REGION"] or "us-east-1",
            config=CONFIG,
        )

    def __str__(self) -> str:
        return f"s3://{self.name}/{self.prefix}".rstrip("/")

    def files(self) -> Iterator[File]:
        """Uploads that were broken off, too, by which the store may charge."""
        for one in self._objects(self.prefix):
            yield File(*self._place_of(one), one["Size"], one["LastModified"])
        for one in self._uploads(self.prefix):
            backup, part = self._place_of(one)
            yield File(backup, f"{part}, begun", 0, one["Initiated"])

    @contextmanager
    def writing(self, backup: str, part: str) -> Iterator[IO[bytes]]:
        """Left by an error, it is given up."""
        pieces = {"client": self.client, "min_part_size": PIECE}
        file = smart_open.open(self._url(backup, part), "wb", transport_params=pieces)
        try:
            with file:
                yield file
        except BaseException:
            # Its destructor would go on trying for a minute, and if the network is back complete
            # what was cut off.
            file._upload_id = None
            raise

    def reading(self, backup: str, part: str) -> IO[bytes]:
        """Goes on where it was when the connection is cut."""
        client = {"client": self.client}
        file: IO[bytes] = smart_open.open(self._url(backup, part), "rb", transport_params=client)
        return file

    def remove(self, backup: str) -> None:
        prefix = f"{self.prefix}{backup}/"
        keys = [one["Key"] for one in self._objects(prefix)]
        for key in sorted(keys, key=lambda key: key != prefix + MANIFEST):
            self.client.delete_object(Bucket=self.name, Key=key)
        for one in self._uploads(prefix):
            begun = {"Key": one["Key"], "UploadId": one["UploadId"]}
            self.client.abort_multipart_upload(Bucket=self.name, **begun)

    def _objects(self, prefix: str) -> Iterator[dict[str, Any]]:
        return self._pages("list_objects_v2", "Contents", prefix)

    def _uploads(self, prefix: str) -> Iterator[dict[str, Any]]:
        return self._pages("list_multipart_uploads", "Uploads", prefix)

    def _place_of(self, one: dict[str, Any]) -> tuple[str, str]:
        backup, _, part = one["Key"].removeprefix(self.prefix).partition("/")
        return backup, part

    def _pages(self, what: str, of: str, prefix: str) -> Iterator[dict[str, Any]]:
        for page in self.client.get_paginator(what).paginate(Bucket=self.name, Prefix=prefix):
            yield from page.get(of, [])

    def _url(self, backup: str, part: str) -> str:
        return f"s3://{self.name}/{self.prefix}{backup}/{part}"


@contextmanager
def opened(url: str) -> Iterator[Bucket]:
    """Says in plain words what goes wrong there. Raises NotReady."""
    there = Bucket(url)
    try:
        yield there
    except (BotoCoreError, ClientError, ValueError, OSError) as error:
        # smart_open raises ValueError or OSError from what boto3 has raised.
        reason = error.__cause__ if isinstance(error, ValueError | OSError) else error
        if not isinstance(reason, BotoCoreError | ClientError):
            raise
        raise NotReady(f"{there}: {_words(reason)}.") from error


def _words(error: BotoCoreError | ClientError) -> str:
    if isinstance(error, BotoCoreError):
        return f"it can't be reached ({type(error).__name__})"
    code = error.response.get("Error", {}).get("Code", "")
    return MEANS.get(code) or f"it answers “{code}”"
