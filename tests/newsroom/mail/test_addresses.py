"""Addresses in other scripts: taken where they can be written to, and told about where not."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import example, given
from hypothesis import strategies as st

from newsroom.mail.addresses import AddressField, plain


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ann@пример.example", "ann@xn--e1afmkfd.example"),
        ("ann@مثال.example", "ann@xn--mgbh0fb.example"),
        ("ann@Straße.example", "ann@xn--strae-oqa.example"),
        ("\u200fann@example.com\u202c ", "ann@example.com"),
        ("Ann@İ.example", "Ann@xn--i-9bb.example"),
    ],
)
def test_domain_in_another_script_is_kept_as_mail_servers_know_it(typed: str, kept: str) -> None:
    assert AddressField().clean(typed) == kept


@pytest.mark.parametrize(
    "typed", ["почта@пример.example", "ნინო@example.com", "é@example.com", "用户@例子.example"]
)
def test_who_has_other_letters_before_the_at_is_told_so(typed: str) -> None:
    with pytest.raises(ValidationError, match="before the @"):
        AddressField().clean(typed)


@pytest.mark.parametrize(
    "typed", ["пример.example", "почта@", "@пример.example", "ann@пример", "🙂"]
)
def test_what_is_no_address_is_told_so(typed: str) -> None:
    with pytest.raises(ValidationError):
        AddressField().clean(typed)


LETTERS = st.text("abzAZ09.-_+' @é\x00\n", max_size=12)
USUAL = st.from_regex(r"[A-Za-z0-9._+-]{1,70}@([A-Za-z0-9-]{1,66}\.){1,3}[A-Za-z0-9]{1,4}")
NEARLY = st.builds("{}@{}.{}".format, LETTERS, LETTERS, LETTERS)


@given(st.one_of(USUAL, NEARLY))
@example("Info@Example.org")
@example("a@b.localhost")
@example("a@sub.mailinator.com")
@example("a@xn--e1afmkfd.org")
@example("a@ab--c.org")
@example("a" * 65 + "@example.org")
@example("a@" + "b" * 64 + ".org")
@example("a@b.org\n")
@example("a@b\uff0eorg")
@example("ſ@K.org")
def test_fast_look_at_an_address_finds_what_a_close_one_does(text: str) -> None:
    """Or leaves it to the close one."""
    found = plain(text)
    if found is not None:
        assert found == AddressField(max_length=254).looked_at_closely(text)


def test_fast_look_is_enough_for_the_usual() -> None:
    usual = ["Ann.Lee+news@Example.co.uk", "a_b-c@sub.example.org", "1@2x.example.museum"]
    assert [plain(text) for text in usual] == [
        "Ann.Lee+news@example.co.uk", "a_b-c@sub.example.org", "1@2x.example.museum"
    ]  # fmt: skip


def test_field_that_was_not_sent_is_asked_for() -> None:
    with pytest.raises(ValidationError, match="enter your e-mail address"):
        AddressField(max_length=254).clean(None)
