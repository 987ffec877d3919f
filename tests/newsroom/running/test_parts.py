"""What can be asked for by name."""

import pytest

from newsroom.running import parts


def test_a_part_is_asked_for_by_its_name_and_a_number_of_processes() -> None:
    for name in parts.NAMES:
        assert parts.part(name)[0] == name
    _, sender = parts.part("sender:4")
    assert sender.args[0][-3:] == ["4", "--loglevel", "INFO"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("asked", ["nobody", "sender:many", ""])
def test_what_there_is_not_is_refused(asked: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        parts.part(asked)
