"""What is sealed opens whole, or not at all."""

import io

import pytest
from hypothesis import given, settings, strategies

from newsroom.backups.sealing import MAGIC, PIECE, SALT, TAG, Damaged, Opener, Sealer

KEY = bytes(range(32))


def sealed(plain: bytes, name: str = "a", step: int = 700_000) -> bytes:
    file = io.BytesIO()
    sealer = Sealer(file, KEY, name)
    for start in range(0, len(plain), step):
        sealer.write(plain[start : start + step])
    sealer.finish()
    return file.getvalue()


def opened(data: bytes, name: str = "a", key: bytes = KEY) -> bytes:
    return io.BufferedReader(Opener(io.BytesIO(data), key, name)).read()


@given(strategies.integers(0, 3), strategies.integers(-1, 1), strategies.integers(1, 3 * PIECE))
@settings(max_examples=15)
def test_any_length_comes_back(pieces: int, more: int, step: int) -> None:
    plain = bytes(max(pieces * PIECE + more, 0))
    assert opened(sealed(plain, step=max(step, 1000))) == plain


def swapped(data: bytes) -> bytes:
    head, piece = len(MAGIC) + SALT, PIECE + TAG
    return data[:head] + data[head + piece : head + 2 * piece] + data[head : head + piece]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(MAGIC) + SALT + PIECE + TAG],  # cut off after a piece
        lambda data: data[: len(MAGIC) + SALT],
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: data[:90] + bytes([data[90] ^ 1]) + data[91:],
        swapped,
        lambda data: b"",
    ],
)
def test_damage_shows(damage) -> None:
    with pytest.raises(Damaged):
        opened(damage(sealed(bytes(2 * PIECE))))


def test_opens_under_no_other_key_and_in_no_other_place() -> None:
    for wrong in ({"key": bytes(32)}, {"name": "b"}):
        with pytest.raises(Damaged):
            opened(sealed(b"secret"), **wrong)
