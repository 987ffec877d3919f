"""``manage.py keys`` makes what the start takes, and destroys no key that is there."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from newsroom.core.environment import keys, problems
from newsroom.core.environment.shapes import numbered_keys
from newsroom.core.environment.table import KEYS, TABLE
from tests.production import PRODUCTION

BARE = {name: value for name, value in PRODUCTION.items() if name not in keys.MAKERS}


def read(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def environ(monkeypatch: Any) -> Any:
    for name in keys.MAKERS:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_production_starts_with_what_is_made(environ: Any) -> None:
    assert set(keys.MAKERS) == {row.name for row in TABLE.values() if row.how == KEYS}
    out = StringIO()
    call_command("keys", stdout=out)
    made = read(out.getvalue())
    assert set(made) == set(keys.MAKERS) and problems(BARE | made) == []
    assert problems(BARE | made | {"MAIL_PROVIDER": "brevo", "ANYMAIL_BREVO_API_KEY": "k"}) == []


def test_file_is_new_and_its_owners_alone(environ: Any, tmp_path: Path) -> None:
    path = tmp_path / "keys.env"
    call_command("keys", str(path), stdout=StringIO())
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_text()
    with pytest.raises(CommandError, match="there already"):
        call_command("keys", str(path))
    assert path.read_text() == before and set(read(before)) == set(keys.MAKERS)


def test_key_that_is_set_is_made_again_only_when_told(environ: Any) -> None:
    made = read("\n".join(keys.lines({}, anew=False)))
    for name, value in made.items():
        environ.setenv(name, value)
    with pytest.raises(CommandError, match="All keys are set"):
        call_command("keys")
    environ.delenv("SECRET_KEY")
    out = StringIO()
    call_command("keys", stdout=out)
    assert set(read(out.getvalue())) == {"SECRET_KEY"}
    assert set(read("\n".join(keys.lines(made, anew=True)))) == set(made)


def test_next_key_stands_behind_those_that_open(environ: Any) -> None:
    held = PRODUCTION["PRIVACY_KEYS"]
    environ.setenv("PRIVACY_KEYS", held)
    out = StringIO()
    call_command("keys", "--next", stdout=out)
    entries = read(out.getvalue())["PRIVACY_KEYS"].split(",")
    assert entries[0] == held and list(numbered_keys(entries)) == [1, 2]
