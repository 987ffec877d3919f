"""Editors' own words in the mails to readers and on their pages."""

import pytest
from django.core.exceptions import ValidationError

from subscriptions.models import NewsletterWords, Subscription
from tests.factories import make_user
from tests.subscriptions.readers.test_signup import link_in, sign_up

pytestmark = pytest.mark.usefixtures("site", "mail_sandbox")
OWN = {"subject": "Hello from {newsletter}", "text": "One.\n\nTwo {newsletter}.", "page": "Look."}


@pytest.fixture
def own(site):
    return lambda about, **words: NewsletterWords.objects.create(
        newsletter=site.newsletter, about=about, language="en", **(OWN | words)
    )


def test_mails_and_pages_say_it_in_own_words_and_what_is_empty_in_ours(
    client, committing, inbox, own
) -> None:
    own("confirm")
    own("welcome", subject="", text="It is {rhythm}", page="<b>Hi</b>")
    assert "Look." in sign_up(client, committing, email="a@example.org").text
    [mail] = inbox.to("a@example.org")
    assert mail["subject"] == "Hello from The Weekly"
    assert "One.\n\nTwo The Weekly." in mail["text"] and "/confirm/" in mail["text"]
    with committing():
        page = client.post(link_in(mail, "/confirm/")).text
    assert "&lt;b&gt;Hi" in page and "<b>Hi" not in page
    welcome = inbox.to("a@example.org")[0]
    assert welcome["subject"] == "Welcome: The Weekly" and "every Friday" in welcome["text"]
    Subscription.objects.all().delete()
    german = client.get("/de/newsletter/weekly/check-your-inbox/").text
    assert "Look." not in german  # those are English


@pytest.mark.parametrize(
    "text", ["{", "}", "{name}", "{newsletter.slug}", "{newsletter!r}", "{newsletter:>999}", "{}"]
)
def test_only_what_the_mail_knows_can_be_named(own, text) -> None:
    with pytest.raises(ValidationError):
        own("confirm", text=text).full_clean()
    own("welcome", text="{newsletter} {rhythm} {{latest}}").full_clean()
    with pytest.raises(ValidationError):
        own("unsubscribed", text="{rhythm}").full_clean()


def test_editor_reads_all_of_them_and_sends_themselves_a_test(
    client, site, own, inbox, committing
) -> None:
    user = make_user()
    client.force_login(user)
    own("confirm")
    path = f"/admin/newsletters/{site.newsletter.pk}/words/"
    page = client.get(path).text
    assert "Hello from The Weekly" in page and "Welcome: The Weekly" in page
    assert "Willkommen: The Weekly" in client.get(f"{path}?language=de").text
    with committing():
        client.post(path, {"about": "confirm"})
        client.post(path, {"about": "welcome"})  # ours: nothing to test
    [mail] = inbox.to(user.email)
    assert mail["subject"] == "Hello from The Weekly"


def test_paragraphs_and_lines_of_a_browser_are_kept_in_preview_and_mail(
    client, site, own, inbox, committing
) -> None:
    user = make_user()
    client.force_login(user)
    own("confirm", text="Hello.\r\n \r\nYours,\r\nthe desk")
    path = f"/admin/newsletters/{site.newsletter.pk}/words/"
    assert "<p>Hello.</p>\n  <p>Yours,<br>the desk</p>" in client.get(path).text
    with committing():
        client.post(path, {"about": "confirm"})
    [mail] = inbox.to(user.email)
    assert "Hello.\n\nYours,\nthe desk\n" in mail["text"]
    html = "".join(mail["html"].split())
    assert "Yours,<br" in html and "Hello.</div>" in html


def test_own_words_that_name_only_what_is_not_there_leave_a_mail_with_ours(
    client, site, own, inbox, committing
) -> None:
    client.force_login(make_user())
    own("welcome", subject="{latest}", text="{latest}\n\n{latest}")  # there is no issue yet
    page = client.get(f"/admin/newsletters/{site.newsletter.pk}/words/").text
    assert "Welcome: The Weekly" in page
    sign_up(client, committing, email="a@example.org")
    [mail] = inbox.to("a@example.org")
    with committing():
        client.post(link_in(mail, "/confirm/"))
    welcome = inbox.to("a@example.org")[0]
    assert welcome["subject"] == "Welcome: The Weekly" and "You get The Weekly" in welcome["text"]
