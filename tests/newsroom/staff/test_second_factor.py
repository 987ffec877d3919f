"""Codes: each works once, and guessing them takes longer than anybody lives."""

import time
from base64 import b32decode
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django_otp.oath import totp
from hypothesis import given
from hypothesis import strategies as st

from newsroom.accounts.models import SecondFactor
from newsroom.staff import second_factor
from tests.factories import make_user


def code_of(key: str, ago: int = 0) -> str:
    return f"{totp(b32decode(key), t0=ago):06}"


def with_app(user: Any) -> str:
    key = second_factor.new_app_key()
    assert second_factor.add_app(user, key, code_of(key))
    return key


def test_an_app_is_only_added_with_a_code_of_its_own(db: None) -> None:
    user, key = make_user(), second_factor.new_app_key()
    other = code_of(second_factor.new_app_key())
    if other != code_of(key):
        assert second_factor.add_app(user, key, other) is None
    assert second_factor.add_app(user, key, "") is None
    assert second_factor.add_app(user, key, code_of(key))


def test_a_code_works_once_and_the_next_one_again(db: None) -> None:
    user = make_user()
    now = time.time()
    with time_machine.travel(now, tick=False) as clock:
        key = with_app(user)
        assert second_factor.check(user, code_of(key)) is None  # used when it was set up
        clock.shift(30)
        code = code_of(key)
        assert second_factor.check(user, f"{code[:3]} {code[3:]}")
        assert second_factor.check(user, code) is None
        clock.shift(30)
        assert second_factor.check(user, code) is None
        assert second_factor.check(user, code_of(key))


def test_a_clock_may_be_thirty_seconds_off_and_no_more(db: None) -> None:
    user = make_user()
    with time_machine.travel(time.time(), tick=False) as clock:
        key = with_app(user)
        clock.shift(300)
        assert second_factor.check(user, code_of(key, ago=60)) is None
        assert second_factor.check(user, code_of(key, ago=30))


def test_a_recovery_code_works_once(db: None) -> None:
    user = make_user()
    codes = second_factor.new_codes(user)
    assert len(set(codes)) == 10
    assert second_factor.check(user, codes[0].upper().replace("-", " "))
    assert second_factor.check(user, codes[0]) is None
    assert second_factor.codes_left(user) == 9
    second_factor.new_codes(user)
    assert second_factor.check(user, codes[1]) is None


def test_a_code_of_a_colleague_is_wrong(db: None) -> None:
    codes = second_factor.new_codes(make_user())
    user = make_user()
    second_factor.new_codes(user)
    assert second_factor.check(user, codes[0]) is None


def test_wrong_codes_make_wait_longer_and_longer_even_the_right_one(
    db: None, committing: Any, inbox: Any
) -> None:
    user = make_user()
    waits = []
    with time_machine.travel(time.time(), tick=False) as clock, committing():
        [right, *_] = second_factor.new_codes(user)
        for _ in range(12):
            assert second_factor.check(user, "wrong") is None
            user.refresh_from_db()
            if user.codes_from:
                with pytest.raises(second_factor.Wait):
                    second_factor.check(user, right)
                wait = user.codes_from.timestamp() - time.time()
                waits.append(round(wait))
                clock.shift(timedelta(seconds=wait + 1))
        assert waits == sorted(waits) and waits[0] == 30 and waits[-1] == 3600
        assert second_factor.check(user, right)
        user.refresh_from_db()
        assert user.wrong_codes == 0
    [mail] = inbox.to(user.email)
    assert mail["subject"] == "Somebody knows your password"


def test_removing_the_last_factor_takes_the_codes_with_it(db: None) -> None:
    user = make_user()
    with_app(user)
    second_factor.new_codes(user)
    second_factor.remove(user, user.second_factors.get(kind=SecondFactor.Kind.APP))
    assert not user.second_factors.exists()


@given(st.text(max_size=40))
def test_nothing_that_is_typed_breaks(text: str) -> None:
    assert second_factor.step_of("JBSWY3DPEHPK3PXP", text, after=10**10) is None
