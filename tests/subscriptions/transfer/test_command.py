"""Moving in from the terminal."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from newsroom.accounts.models import AuditEntry
from subscriptions.models import ImportPiece, Subscription

LISTMONK = "uuid,email,name,attributes,status,created_at,updated_at\n"


def run(path: Path, *options: str) -> str:
    out = io.StringIO()
    say = ["--newsletter", "weekly", "--consent", "By mail since 2019."]
    call_command("subscribers", "import", str(path), *say, *options, stdout=out)
    return out.getvalue()


def test_list_is_shown_then_imported(site: Any, tmp_path: Path) -> None:
    file = tmp_path / "subscribers.csv"
    file.write_text(f"{LISTMONK}u,ann@example.org,Ann,{{}},enabled,2024-01-02 03:04:05,\n")
    with pytest.raises(CommandError, match="enabled"):
        run(file)
    assert "come onto the list" in run(file, "--status", "enabled=active", "--dry-run")
    assert not Subscription.objects.exists() and not ImportPiece.objects.exists()
    said = run(file, "--status", "enabled=active")
    assert "listmonk" in said and "done" in said and "ann" not in said
    assert Subscription.objects.get().status == "confirmed"
    assert AuditEntry.objects.get().what == "imported readers"


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        (b"email\na@b.org\n", [], "--are"),
        (b"%PDF", [], "save it as CSV"),
        (b"email\na@b.org\n", ["--status", "x=y"], "WORD=STATE"),
    ],
)
def test_what_is_missing_is_said(
    data: bytes, options: list[str], words: str, site: Any, tmp_path: Path
) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(data)
    with pytest.raises(CommandError, match=words):
        run(file, *options)
    with pytest.raises(CommandError, match="No such file"):
        run(tmp_path / "y.csv")
