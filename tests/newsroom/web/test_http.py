"""Addresses of our pages, as mails have them."""

import pytest
from django.conf import settings
from django.test.utils import override_script_prefix
from django.urls import NoReverseMatch
from django.utils import translation

from newsroom.mail.providers import FIELD
from newsroom.web.http import absolute_url
from subscriptions.readers.links import unsubscribe_headers, unsubscribe_url

PAGES = {
    ("confirm", "a-_:b"): "/newsletter/confirm/a-_:b/",
    ("agree_to_seed", "t"): "/newsletter/seed/t/",
    ("unsubscribe", "t"): "/newsletter/unsubscribe/t/",
    ("preferences", "t"): "/newsletter/preferences/t/",
    ("go", 7): "/newsletter/go/7/",
    ("support",): "/support/",
    ("thanks",): "/support/thanks/",
    ("manage", "t"): "/support/manage/t/",
    ("update_payment", "t"): "/support/update-payment/t/",
    ("cancel_reminder", "t"): "/support/remind-me/cancel/t/",
    ("newsletters",): "/admin/newsletters/",
}


@pytest.mark.parametrize("prefix", ["/", "/de/"])
@pytest.mark.parametrize("page", PAGES)
def test_address_in_a_mail_is_the_same_whatever_request_caused_it(
    page: tuple[str, ...], prefix: str
) -> None:
    with override_script_prefix(prefix), translation.override("de"):
        assert absolute_url(*page) == f"{settings.BASE_URL}{PAGES[page]}"


def test_query_is_encoded_and_what_is_no_page_fails() -> None:
    url = absolute_url("support", amount="5 & more", currency="usd")
    assert url == f"{settings.BASE_URL}/support/?amount=5+%26+more&currency=usd"
    with pytest.raises(NoReverseMatch):
        absolute_url("/support/")


def test_merge_field_stays_as_the_provider_will_look_for_it() -> None:
    field = FIELD.format("unsubscribe")
    assert unsubscribe_url(field) == f"{settings.BASE_URL}/newsletter/unsubscribe/{field}/"
    assert field in unsubscribe_headers(field, "")["List-Unsubscribe"]
