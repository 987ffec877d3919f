"""Which of our languages a browser asks for (RFC 9110, 12.4.2 and 12.5.4)."""

import pytest

from newsroom.core import languages


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("", ""),
        ("ru", "ru"),
        ("de-AT,de;q=0.8", "de"),
        ("en;q=0.3,uk;q=0.9", "uk"),
        ("ru;q=0,en;q=0.1", "en"),
        ("ru;q=0", ""),
        ("eo,tlh", ""),
        ("eo,de", "de"),
        ("*", ""),
        ("x" * 5000, ""),
    ],
)
def test_first_of_ours_that_is_not_refused(accepted: str, code: str) -> None:
    assert languages.asked_for(accepted) == code
