"""The second thing that somebody of the staff has: an authenticator app (TOTP, RFC 6238), passkeys,
and recovery codes for the day when both are away. Passkeys themselves: passkeys.py."""

import json
import secrets
import time
from base64 import b32decode, b32encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import quote

import segno
from django.db import transaction
from django.utils import timezone
from django_otp.oath import TOTP

from newsroom.accounts.models import FREE_TRIES, SecondFactor, User
from newsroom.core.privacy import keyed_hash
from newsroom.mail import outbox
from newsroom.models import Masthead

Kind = SecondFactor.Kind

KEY_BYTES = 20  # RFC 4226, 4
TOLERANCE = 1  # steps of 30 seconds that a clock may be off
CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none looks like another


class Wait(Exception):
    """Too many wrong codes; until when, as ``args[0]``."""


def new_app_key() -> str:
    return b32encode(secrets.token_bytes(KEY_BYTES)).decode()


def picture_of(key: str, user: User) -> str:
    """The key as an app's camera reads it: a data URI. It names the login, not the person."""
    issuer = quote(Masthead.load().name)
    url = f"otpauth://totp/{issuer}:{quote(user.get_username())}?secret={key}&issuer={issuer}"
    return str(segno.make(url, micro=False).svg_data_uri(scale=5, border=2))


def add_app(user: User, key: str, code: str) -> SecondFactor | None:
    """The app that shows this code takes the place of any other; None when it shows another."""
    step = step_of(key, code, after=-1)
    if step is None:
        return None
    fresh = {"secret": key, "counter": step, "added_on": timezone.localdate(), "used_on": None}
    with one_at_a_time(user):
        app, _ = SecondFactor.objects.update_or_create(user=user, kind=Kind.APP, defaults=fresh)
    return app


@contextmanager
def one_at_a_time(user: User) -> Iterator[User]:
    """What changes an account's factors waits for each other: none comes back that was replaced."""
    with transaction.atomic():
        yield User.objects.select_for_update().get(pk=user.pk)


def step_of(key: str, code: str, after: int) -> int | None:
    """The time step whose code this is, when it is near now and later than ``after``: each code
    works once (RFC 6238, 5.2)."""
    if not code.isdecimal() or len(code) != 6:
        return None
    totp = TOTP(b32decode(key))
    totp.time = time.time()
    return totp.t() if totp.verify(int(code), TOLERANCE, after + 1) else None


def new_codes(user: User) -> list[str]:
    """Ten codes in place of all earlier ones. They can't be shown again: we keep hashes."""
    codes = ["".join(secrets.choice(LETTERS) for _ in range(10)) for _ in range(CODES)]
    hashes = json.dumps([hashed(user, code) for code in codes])
    fresh = {"secret": hashes, "added_on": timezone.localdate(), "used_on": None}
    with one_at_a_time(user):
        SecondFactor.objects.update_or_create(user=user, kind=Kind.CODES, defaults=fresh)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def codes_left(user: User) -> int:
    codes = user.second_factors.filter(kind=Kind.CODES).first()
    return len(json.loads(codes.secret)) if codes else 0


def hashed(user: User, code: str) -> str:
    return keyed_hash(f"{user.pk}:{code}", "recovery code").hex()


def check(user: User, typed: str, *, known_device: bool = False) -> SecondFactor | None:
    """What this code proves, an app's or a recovery code; None for a wrong one.

    One at a time for each account, so that no code works twice. Wrong ones make strange devices
    wait, not those that somebody has signed in with before: who only knows the password locks
    nobody out. Raises Wait.
    """
    code = "".join(typed.split()).replace("-", "").lower()
    now = timezone.now()
    with one_at_a_time(user) as locked:
        if locked.codes_from and locked.codes_from > now and not known_device:
            raise Wait(locked.codes_from)
        for factor in locked.second_factors.exclude(kind=Kind.PASSKEY):
            if _is_right(factor, code):
                factor.used_on = timezone.localdate()
                factor.save(update_fields=["secret", "counter", "used_on"])
                locked.code_was_right()
                return factor
        if locked.code_was_wrong(now) >= FREE_TRIES:  # who types them knows the password
            outbox.post("wrong_codes", user.pk, key=f"{user.pk}-{now:%Y-%m-%d}")
    return None


def _is_right(factor: SecondFactor, code: str) -> bool:
    """Uses it up, in memory."""
    if factor.kind == Kind.APP:
        step = step_of(factor.secret, code, after=factor.counter)
        if step is not None:
            factor.counter = step
        return step is not None
    left = json.loads(factor.secret)
    this = hashed(factor.user, code)
    factor.secret = json.dumps([one for one in left if one != this])
    return this in left


def remove(user: User, factor: SecondFactor) -> None:
    """With the last app or passkey go the recovery codes: alone they are no second factor."""
    with one_at_a_time(user):
        factor.delete()
        if not user.second_factors.exclude(kind=Kind.CODES).exists():
            user.second_factors.all().delete()


def tell(user: User) -> None:
    """A mail each time: a change of somebody else's may follow one of their own."""
    outbox.post("sign_in_changed", user.pk, key=f"{user.pk}-{time.time_ns()}")


def wait_in_words(until: object) -> str:
    minutes = max(1, round((until - timezone.now()) / timedelta(minutes=1)))  # type: ignore[operator]
    return f"Too many wrong codes. Please wait {minutes} minute{'s' if minutes > 1 else ''}."
