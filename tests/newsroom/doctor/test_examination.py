"""All checks at once: nothing broken breaks the others, and nothing that hangs holds them up."""

import socket
import time
from collections.abc import Iterator
from threading import Event
from typing import Any

from django.db import connection

from newsroom.core.environment.table import TABLE
from newsroom.doctor.examination import Check, State, examine, ok, wrong
from newsroom.doctor.table import checks


def states(findings: Any) -> list[str]:
    return [str(one.state) for one in findings]


def test_no_check_holds_up_or_breaks_the_others() -> None:
    never = Event()

    def hang() -> Iterator[Any]:
        yield ok("so far")
        never.wait(20)

    def fail() -> list[Any]:
        raise RuntimeError("ann@example.org is away")

    began = time.monotonic()
    found = examine(
        [
            Check("hangs", hang), Check("fails", fail), Check("fine", list),
            Check("needs what hangs", list, ("fine", "hangs")),
            Check("needs what fails", list, ("fails",)),
            Check("needs the one before", list, ("needs what fails",)),
            Check("needs a setting", list, ("BASE_URL",)), Check("needs fine", list, ("fine",)),
        ],
        {"BASE_URL"}, seconds=1,
    )  # fmt: skip
    assert time.monotonic() - began < 10
    never.set()
    assert list(map(states, found.values())) == [
        ["ok", "wrong"], ["wrong"], ["ok"],
        ["unknown"], ["unknown"], ["unknown"], ["unknown"], ["ok"],
    ]  # fmt: skip
    assert "“hangs”" in found["needs what hangs"][0].words
    assert "ann@" not in str(found) and "RuntimeError" in found["fails"][0].words


def test_warning_stops_nobody() -> None:
    found = examine(
        [Check("a", lambda: [wrong("x", "y")]), Check("b", list, ("c",)), Check("c", list)]
    )
    assert states(found["b"]) == ["ok"] and states(found["a"]) == ["wrong"]


def test_each_need_is_a_setting_or_a_check_further_up() -> None:
    known = set(TABLE)
    for check in checks():
        assert known.issuperset(check.needs), check
        assert check.label not in known
        known.add(check.label)


def test_without_any_setting_each_check_says_what_it_lacks(settings: Any) -> None:
    settings.STRIPE_SANDBOX = "http://127.0.0.1:1"
    table = checks()
    found = examine(table, set(TABLE))
    for check in table:
        if check.needs:
            assert states(found[check.label]) == [State.UNKNOWN], check.label
    assert "“DATABASE_URL”" in found["PostgreSQL"][0].words


def test_nobody_waits_for_what_takes_a_call_and_says_nothing(
    monkeypatch: Any, settings: Any
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        host, port = silent.getsockname()
        settings.BASE_URL, settings.REDIS_URL = f"https://{host}:{port}", f"redis://{host}:{port}/0"
        settings.STRIPE_SANDBOX = f"http://{host}:{port}"
        monkeypatch.setitem(connection.settings_dict, "HOST", host)
        monkeypatch.setitem(connection.settings_dict, "PORT", str(port))
        began = time.monotonic()
        found = examine(checks(), seconds=8)
        assert time.monotonic() - began < 12
    for label in ("PostgreSQL", "Redis", "Certificates", "The way in"):
        assert states(found[label]) == ["wrong"], found[label]
    assert states(found["Migrations"]) == states(found["Stripe's way in"]) == ["unknown"]
