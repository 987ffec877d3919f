import io

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from newsroom.core import privacy
from newsroom.mail import asked
from subscriptions.models import Subscriber
from tests.factories import make_subscriber
from tests.production import key

ODD = [
    "",
    "\0",
    "\0" * 300,
    "\x01",
    "ÿ" * 127,
    "a" * 254,
    "a" * 255,
    "𝒜😀" * 40,
    "\ud83d",
    "\xff\x80",
]


@example("".join(ODD))
@given(st.text(st.characters()) | st.sampled_from(ODD) | st.text(min_size=240, max_size=270))
def test_sealing_and_unsealing_gives_back_the_text(text: str) -> None:
    sealed = privacy.seal(text, "t.c")
    assert privacy.unseal(sealed, "t.c") == text
    assert len(sealed) % privacy.STEP == len(privacy.seal("", "t.c")) % privacy.STEP


def test_length_of_a_sealed_value_does_not_tell_the_length_of_the_address() -> None:
    addresses = ["a" * (254 - len("@e.example") - n) + "@e.example" for n in range(0, 240, 4)]
    assert len({len(address) for address in addresses}) == 60
    assert len({len(privacy.seal(address, "t.c")) for address in ["", *addresses]}) == 1
    assert len({len(privacy.seal("é" * n, "t.c")) for n in range(128, 255)}) == 1  # the next step


def test_indexes_of_two_purposes_have_nothing_in_common() -> None:
    made = [
        one("Ann@Example.org ")
        for one in (privacy.list_index, privacy.giving_index, privacy.staff_index)
    ]
    made += [asked.mailbox_of(what, "ann@example.org") for what in ("signup", "manage_link")]
    made.append(privacy.keyed_hash("ann@example.org", "token"))
    assert len(set(made)) == 6 and {len(index) for index in made} == {32}


@pytest.mark.parametrize(
    "one", [privacy.list_index, privacy.giving_index, privacy.staff_index], ids=lambda f: f.__name__
)
def test_letter_case_never_tells_two_people_apart(one) -> None:
    assert one("STRASSE@Example.ORG") == one(" straße@example.org")


def test_sealed_value_moved_to_another_column_does_not_open() -> None:
    with pytest.raises(privacy.Unreadable):
        privacy.unseal(privacy.seal("a@example.org", "subscriber.email"), "donor.email")


def test_tampered_value_does_not_open() -> None:
    sealed = bytearray(privacy.seal("a@example.org", "t.c"))
    sealed[-1] ^= 1
    with pytest.raises(privacy.Unreadable):
        privacy.unseal(bytes(sealed), "t.c")


def test_value_sealed_with_an_old_key_opens_after_rotation(settings) -> None:
    sealed = privacy.seal("a@example.org", "t.c")
    settings.PRIVACY_KEYS = [*settings.PRIVACY_KEYS, f"2:{key()}"]
    privacy._ciphers.cache_clear()
    try:
        assert privacy.unseal(sealed, "t.c") == "a@example.org"
        assert not privacy.sealed_with_newest_key(sealed)
        assert privacy.sealed_with_newest_key(privacy.seal("x", "t.c"))
    finally:
        privacy._ciphers.cache_clear()


@pytest.mark.django_db
def test_database_holds_no_plain_address() -> None:
    subscriber = make_subscriber("someone@example.org")
    with connection.cursor() as cursor:
        cursor.execute("SELECT email, email_index FROM subscriptions_subscriber")
        stored = b"".join(bytes(value) for value in cursor.fetchone())
    assert b"someone" not in stored and b"example" not in stored
    assert Subscriber.objects.get(pk=subscriber.pk).email == "someone@example.org"


@pytest.mark.django_db
def test_subscriber_is_found_whatever_the_letter_case() -> None:
    subscriber = make_subscriber("Some.One@example.org")
    assert Subscriber.objects.with_email("some.one@EXAMPLE.org").get() == subscriber


def test_filtering_on_an_encrypted_field_is_refused() -> None:
    with pytest.raises(TypeError, match="blind index"):
        Subscriber.objects.filter(email="a@example.org")


@pytest.mark.django_db
def test_rotation_seals_every_row_with_the_newest_key(settings) -> None:
    readers = [make_subscriber() for _ in range(3)]
    settings.PRIVACY_KEYS = [*settings.PRIVACY_KEYS, f"2:{key()}"]
    privacy._ciphers.cache_clear()
    try:
        for expected in ("email: 3 sealed", "email: 0 sealed"):
            out = io.StringIO()
            call_command("rotate_keys", stdout=out)
            assert f"subscriber.{expected}" in out.getvalue()
        settings.PRIVACY_KEYS = settings.PRIVACY_KEYS[1:]
        privacy._ciphers.cache_clear()
        assert Subscriber.objects.get(pk=readers[0].pk).email == readers[0].email
    finally:
        privacy._ciphers.cache_clear()


@pytest.mark.django_db
def test_rotation_pads_anew(settings, monkeypatch) -> None:
    def lengths() -> set[int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT length(email) FROM subscriptions_subscriber")
            return {length for (length,) in cursor.fetchall()}

    monkeypatch.setattr(privacy, "STEP", 16)
    readers = [make_subscriber(f"{'r' * n}@example.org") for n in (1, 40, 80)]
    assert len(lengths()) == 3
    monkeypatch.undo()
    settings.PRIVACY_KEYS = [*settings.PRIVACY_KEYS, f"2:{key()}"]
    privacy._ciphers.cache_clear()
    try:
        call_command("rotate_keys", stdout=io.StringIO())
        assert lengths() == {privacy.STEP + 29}
        found = Subscriber.objects.order_by("pk").values_list("email", flat=True)
        assert list(found) == [reader.email for reader in readers]
    finally:
        privacy._ciphers.cache_clear()


def test_every_sealed_field_has_a_context_of_its_own() -> None:
    contexts = [
        field.context
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, privacy.EncryptedField)
    ]
    assert len(contexts) == len(set(contexts)) >= 5
