"""No test that is costly is forgotten: each has its turn."""

import re

from tests import turns


def test_each_has_one_turn_of_a_few(monkeypatch) -> None:
    every = set(turns.LIST.read_text().split())
    taken = []
    for number in range(turns.TURNS):
        monkeypatch.setattr(turns, "turn", lambda number=number: number)
        taken += every - turns.others()
    assert sorted(taken) == sorted(every)
    assert 0 <= turns.turn() < turns.TURNS


def test_each_that_is_named_is_there() -> None:
    gone = []
    for named in turns.LIST.read_text().split():
        file, *_, name = named.split("::")
        path = turns.LIST.parents[1] / file
        if not path.exists() or not re.search(rf"def {name}\(", path.read_text()):
            gone.append(named)
    assert not gone, "`make test ARGS=costly` writes the list anew"


def test_without_git_it_is_the_first(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert turns.turn() == 0
