"""Backups in a bucket, of a server that speaks S3's protocol and looks who asks."""

import base64
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from newsroom.backups import backup, bucket, chosen, place, restore
from newsroom.backups.place import MANIFEST, NAME, NotReady
from newsroom.backups.sealing import Damaged
from newsroom.doctor import machine
from tests.newsroom.backups.s3_server import BUCKET, ELSEWHERE, Server, s3_server, wire

pytestmark = pytest.mark.slow
PLACE = f"s3://{BUCKET}/site"
PIECE = 5 << 20  # the smallest that S3 takes


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(autouse=True)
def environment(server: Server, tmp_path: Path, monkeypatch: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    (tmp_path / "picture").write_bytes(b"a picture" + os.urandom(3 * PIECE))
    monkeypatch.setattr(bucket, "PIECE", PIECE)
    for name, value in {
        "BACKUP_DIR": PLACE,
        "BACKUP_KEY": base64.b64encode(bytes(range(32))).decode(),
        "BACKUP_S3_ENDPOINT": server.url,
        "BACKUP_S3_ACCESS_KEY": server.access_key,
        "BACKUP_S3_SECRET_KEY": server.secret_key,
    }.items():
        monkeypatch.setenv(name, value)
    yield
    client = server.client()
    for one in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=one["Key"])


def put(server: Server, moment: datetime, *parts: str) -> str:
    name = f"{moment:{NAME}}"
    for part in parts:
        server.client().put_object(Bucket=BUCKET, Key=f"site/{name}/{part}", Body=b"x")
    return name


def test_backup_is_whole_until_a_byte_of_it_changes(server: Server) -> None:
    with chosen.opened() as there:
        assert place.whole(there) == {}
        name = backup.make(there)
        assert [*place.whole(there).values()] == [name]
        assert restore.check(there, name)["parts"]["media"]["bytes"] > 3 * PIECE
        client, where = server.client(), {"Bucket": BUCKET, "Key": f"site/{name}/media"}
        stored = client.get_object(**where)["Body"].read()
        assert b"a picture" not in stored
        client.put_object(**where, Body=stored[:-1])
        with pytest.raises(Damaged, match="changed or cut off"):
            restore.check(there, name)


def test_backup_that_is_cut_off_is_none(server: Server, monkeypatch: Any) -> None:
    with wire(server.url, 2 * PIECE) as url:
        monkeypatch.setenv("BACKUP_S3_ENDPOINT", url)
        with pytest.raises(NotReady, match="can't be reached"), chosen.opened() as there:
            backup.make(there)
    monkeypatch.setenv("BACKUP_S3_ENDPOINT", server.url)
    with chosen.opened() as there:
        assert place.whole(there) == {}
        parts = {file.part for file in there.files()}
        assert "media, begun" in parts and "media" not in parts
        assert place.broken_off(there) == []  # somebody may be at work on it
        monkeypatch.setattr(place, "AT_WORK", timedelta(0))
        assert len(backup.forget(there)) == 1
        assert [*there.files()] == []


def test_what_was_cut_off_is_given_up_at_once(server: Server, monkeypatch: Any) -> None:
    """Nothing that is left of it goes on trying, or completes it when the network is back."""
    with wire(server.url, PIECE) as url:
        monkeypatch.setenv("BACKUP_S3_ENDPOINT", url)
        with (
            pytest.raises(NotReady),
            chosen.opened() as there,
            there.writing("20260101T000000Z", "media") as file,
        ):
            file.write(os.urandom(2 * PIECE))
    assert file.closed


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BACKUP_S3_ACCESS_KEY", "AKIAIOSFODNN7EXAMPLE", "does not know BACKUP_S3_ACCESS_KEY"),
        ("BACKUP_S3_SECRET_KEY", "another", "BACKUP_S3_SECRET_KEY is not that of"),
        ("BACKUP_S3_SECRET_KEY", "", "set BACKUP_S3_ACCESS_KEY and BACKUP_S3_SECRET_KEY"),
        ("BACKUP_DIR", f"s3://{ELSEWHERE}/site", "may not do that there"),
        ("BACKUP_DIR", "s3://nowhere", "may not do that there|no such bucket"),
        ("BACKUP_S3_ENDPOINT", "http://127.0.0.1:1", "can't be reached"),
    ],
)
def test_what_is_wrong_is_said(monkeypatch: Any, name: str, value: str, says: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(CommandError, match=says) as raised:
        call_command("restore")
    assert "another" not in str(raised.value)
    assert says.split("|")[0] in machine_says()


def machine_says() -> str:
    return " ".join(found.words for found in machine.backups_are_new())


def test_old_ones_go_and_the_newest_is_found(server: Server, capsys: Any) -> None:
    call_command("restore")
    assert capsys.readouterr().out == "No backup is there.\n"
    assert machine_says() == "There is none."
    now = datetime.now(UTC)
    names = [put(server, now - timedelta(hours=n), "media", MANIFEST) for n in range(0, 480, 12)]
    put(server, now + timedelta(hours=1), "media")  # none
    server.client().put_object(Bucket=BUCKET, Key="site/notes.txt", Body=b"somebody's own")
    call_command("restore")
    assert capsys.readouterr().out.split() == names[::-1]
    assert machine_says() == "The newest is 0 hours old."
    with chosen.opened() as there:
        assert len(backup.forget(there)) > 20
        assert max(place.whole(there).values()) == names[0]
        assert 7 < len(place.whole(there)) < 20
    assert server.client().get_object(Bucket=BUCKET, Key="site/notes.txt")
