"""What everybody sees of a closed newsroom, without Django."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from newsroom.closed import keys_file, plain_page
from tests.environment import ROOT

TOKEN = "AAAAAAAAAAAAAAAAAAAAAAAAAAA"
LEAVE = f"/newsletter/unsubscribe/{TOKEN}/"


@pytest.mark.parametrize("path", ["/", "/admin/", "/support/", "/documents/1/a.pdf", "/de/x/"])
def test_every_address_says_that_the_site_is_away(path: str) -> None:
    found = plain_page.answer("GET", path, "")
    assert found.status == 503 and found.headers["Retry-After"]
    assert b"closed for now" in found.body or "/de/" in path
    assert b"href" not in found.body and b"Meridian" not in found.body


@pytest.mark.parametrize(
    ("path", "accepted", "language"),
    [
        ("/", "fa-IR,fa;q=0.9,en;q=0.8", "fa"),
        ("/ru/support/", "de", "ru"),
        ("/", "xx, de;q=0.3, pl;q=0.7", "pl"),
        ("/dex/", "", "en"),
        ("/", "q=;;;,de;q=9999" + "x" * 1000, "de"),
    ],
)
def test_it_speaks_the_language_of_the_address_or_the_browser(
    path: str, accepted: str, language: str
) -> None:
    page = plain_page.answer("GET", path, accepted).body.decode()
    assert f'lang="{language}"' in page and ('dir="rtl"' in page) == (language in ("ar", "fa"))


def test_one_click_is_noted_and_a_link_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert plain_page.answer("POST", LEAVE, "").status == 503  # nowhere to note it: try again
    monkeypatch.setenv("KEYS_FILE", str(tmp_path / "keys.env"))
    assert plain_page.answer("GET", LEAVE, "").status == 503
    assert keys_file.take_leavings() == set()
    assert plain_page.answer("POST", f"/de{LEAVE}", "").status == 200
    assert plain_page.answer("POST", "/newsletter/unsubscribe/short/", "").status == 503
    assert keys_file.take_leavings() == {TOKEN}
    monkeypatch.setattr(keys_file, "MOST_LEFT", 10)
    assert plain_page.answer("POST", LEAVE, "").status == 503
    keys_file.forget_leavings()
    assert keys_file.take_leavings() == set()


def test_it_is_an_application_by_itself() -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "HEAD", "path": "/readyz", "headers": []}
    asyncio.run(plain_page.application(scope, None, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 200 and sent[1]["body"] == b""


def test_neither_it_nor_the_way_back_needs_settings() -> None:
    """Which can't be had while the keys are gone."""
    code = "import newsroom.closed.plain_page, newsroom.panic.putting_back; "
    code += "from django.conf import settings; assert not settings.configured"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize(
    ("words", "web"),
    [
        ("", True),
        ("--patience 3 --output=web=9 --output worker=11", True),
        ("web:2 beat", True),
        ("sender:4 --patience 3", False),
        ("worker beat --output=worker=9", False),
    ],
)
def test_who_was_to_run_the_web_serves_the_page_in_its_place(words: str, web: bool) -> None:
    assert plain_page.asks_for_web(words.split()) is web
