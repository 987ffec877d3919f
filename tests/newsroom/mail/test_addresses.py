"""Addresses in other scripts: taken where they can be written to, and told about where not."""

import pytest
from django.core.exceptions import ValidationError

from newsroom.mail.addresses import AddressField


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
