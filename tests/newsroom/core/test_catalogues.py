"""Translations are gathered from the code and compiled, by the commands that Django calls so."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from newsroom.core import languages


@pytest.fixture
def elsewhere(settings: Any, tmp_path: Path) -> Path:
    settings.LOCALE_PATHS = [tmp_path]
    return tmp_path


@pytest.mark.slow
def test_new_texts_are_gathered_and_those_that_nobody_asks_for_are_gone(
    elsewhere: Path, capsys: Any
) -> None:
    call_command("makemessages")
    source = languages.catalogue_of("de")
    empty = source.read_text()
    assert 'msgid "Subscribe"\nmsgstr ""' in empty and "“%(query)s”" in empty
    source.write_text(
        empty.replace('msgid "Subscribe"\nmsgstr ""', 'msgid "Subscribe"\nmsgstr "Anmelden"')
        + '\nmsgid "Of old"\nmsgstr "Von früher"\n'
    )
    call_command("makemessages")
    assert 'msgstr "Anmelden"' in source.read_text() and "Of old" not in source.read_text()
    assert "1 to translate" not in capsys.readouterr().out.splitlines()[0]


def test_what_has_changed_is_compiled_once(elsewhere: Path) -> None:
    call_command("makemessages")
    call_command("compilemessages")
    compiled = languages.catalogue_of("de").with_suffix(".mo")
    assert sorted(path.suffix for path in compiled.parent.iterdir()) == [".mo", ".po"]
    made = compiled.stat().st_mtime_ns
    call_command("compilemessages")
    assert compiled.stat().st_mtime_ns == made
    os.utime(languages.catalogue_of("de"), ns=(made + 10**9, made + 10**9))
    call_command("compilemessages")
    assert compiled.stat().st_mtime_ns > made
