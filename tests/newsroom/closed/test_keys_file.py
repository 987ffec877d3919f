"""The file with the keys: read, destroyed, put back; whatever dies in between."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from newsroom.closed import keys_file, sealed_copy
from newsroom.core.environment import problems
from tests.production import PRODUCTION

TEXT = """# made by hand
export SECRET_KEY="abc=def"
PRIVACY_KEYS=1:QUJD
SECRET_KEY_FALLBACKS=old
STRIPE_SECRET_KEY='sk_live_1'
LINKS_REVOKED=2026-01-02
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "keys.env"
    file.write_text(TEXT)
    monkeypatch.setenv("KEYS_FILE", str(file))
    return file


def test_lines_become_variables_but_for_those_that_are_set(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.delenv("STRIPE_SECRET_KEY", raising=False)
    monkeypatch.setenv("PRIVACY_KEYS", "2:RUZH")
    keys_file.load()
    assert os.environ["SECRET_KEY"] == "abc=def"
    assert os.environ["STRIPE_SECRET_KEY"] == "sk_live_1"
    assert os.environ["PRIVACY_KEYS"] == "2:RUZH"
    others = keys_file.environment_for_others()  # they read it anew
    assert "SECRET_KEY" not in others and others["PRIVACY_KEYS"] == "2:RUZH"
    for name in ("SECRET_KEY", "STRIPE_SECRET_KEY", "SECRET_KEY_FALLBACKS", "LINKS_REVOKED"):
        os.environ.pop(name, None)


def test_destroyed_it_holds_nothing_but_the_sign_and_starts_nothing(file: Path) -> None:
    keys_file.destroy("2026-11-27T05:00:00+00:00")
    keys_file.destroy("another day")  # once is enough
    assert file.read_text() == "CLOSED_SINCE=2026-11-27T05:00:00+00:00\n"
    with pytest.raises(ImproperlyConfigured, match=r"closed since 2026-11-27.*recover FILE"):
        keys_file.load()


def test_who_dies_between_sign_and_end_leaves_a_closed_file(file: Path) -> None:
    file.write_bytes(b"CLOSED_SINCE=2026-11-27\n" + os.urandom(200))
    assert keys_file.closed_since() == "2026-11-27"


def test_renewed_secrets_open_no_old_link_but_all_that_is_sealed() -> None:
    found = keys_file.values(keys_file.renewed(TEXT, "2026-11-27"))
    assert found["PRIVACY_KEYS"] == "1:QUJD" and found["STRIPE_SECRET_KEY"] == "sk_live_1"
    assert "SECRET_KEY_FALLBACKS" not in found
    assert found["SECRET_KEY"] != "abc=def" and len(found["SECRET_KEY"]) > 50
    assert found["LINKS_REVOKED"] == "2026-01-02,2026-11-27"


def test_production_starts_with_renewed_secrets() -> None:
    text = keys_file.renewed("LINKS_REVOKED=2026-01-02\n", "2026-11-27T05:00:00.581948+00:00")
    assert problems(PRODUCTION | keys_file.values(text)) == []


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_no_text_breaks_the_reading(text: str) -> None:
    keys_file.values(keys_file.renewed(text, "2026-11-27"))


WATCHED = """
from newsroom.closed import keys_file
keys_file.LOOKS_EVERY = 0.01
answers = iter([OSError("too many open files"), ValueError(), MemoryError(), False, True])
def look():
    if isinstance(answer := next(answers), Exception):
        raise answer
    return answer
keys_file.end_when(look)
import time; time.sleep(20)
"""


def test_process_is_ended_though_looking_failed_before() -> None:
    ended = subprocess.run([sys.executable, "-c", WATCHED], capture_output=True, timeout=30)
    assert ended.returncode == -signal.SIGKILL
    assert ended.stderr.count(b"Can't see whether the newsroom is closed.") == 3


def test_copy_opens_with_its_passphrase_alone_however_it_is_typed() -> None:
    passphrase = sealed_copy.new_passphrase()
    copy = sealed_copy.sealed(TEXT, passphrase)
    assert "sk_live_1" not in copy
    assert sealed_copy.opened(copy, passphrase.upper().replace("-", " ")) == TEXT
    for bad, typed in ((copy, "x" * 25), (copy[:-20], passphrase), ("SECRET_KEY=1", passphrase)):
        with pytest.raises(sealed_copy.Unopened):
            sealed_copy.opened(bad, typed)
