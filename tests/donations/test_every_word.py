"""In a language that puts every word of ours in brackets, no word stands outside of them.

What editors write is Cyrillic here, so any Latin word outside of brackets is one that we forgot to
translate. ``tests/test_translations.py`` looks at the templates; this, at what code says.
"""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone, translation

from donations.asking import reminders
from donations.giving.links import manage_url, update_payment_url
from donations.giving.recurring_changes import LATER, MONTHS, REASONS
from donations.models import Contribution, Deferral, RecurringContribution
from newsroom.core import tokens
from newsroom.core.privacy import list_index
from newsroom.mail.catalogue import Letter, mails
from newsroom.mail.compose import compose, filled
from newsroom.models import Masthead, Suppression
from subscriptions.models import Seed, Subscription
from subscriptions.readers import seeds, signup
from tests.donations.conftest import handle
from tests.factories import make_article, make_deferral, make_issue, make_subscription

# Of countries and cities, CLDR has the names.
HIDDEN = re.compile(
    r"<(head|script|style|textarea)\b.*?</\1>"
    r'|<select (?:id="country"|name="zone").*?</select>|<[^>]*>',
    re.S,
)
OURS = re.compile(r"⟦[^⟦⟧]*⟧")
WORD = re.compile(r"[A-Za-z]{2,}")
# Names, codes, addresses, numbers of receipts; each language by its own name.
KNOWN = re.compile(
    r"\b(PayPal|Link|Apple Pay|Google Pay|SEPA|Debit|USD|EUR|JPY|visa|The Meridian|UTC"
    r"|WhatsApp|Telegram|Bluesky|Facebook|English|Deutsch|Español|Français|Polski|[\w.+-]+@[\w.-]+|https?://\S+)\b"
)


@pytest.fixture
def brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every text of a catalogue, ours or Django's, in brackets."""
    real = translation._trans
    one, many, about = real.gettext, real.ngettext, real.pgettext
    monkeypatch.setattr(real, "gettext", lambda text: f"⟦{one(text)}⟧")
    monkeypatch.setattr(real, "pgettext", lambda context, text: f"⟦{about(context, text)}⟧")
    monkeypatch.setattr(real, "ngettext", lambda *args: f"⟦{many(*args)}⟧")


def forgotten(shown: str) -> list[str]:
    text = unescape(HIDDEN.sub(" ", shown))
    while OURS.search(text):
        text = OURS.sub(" ", text)
    return WORD.findall(KNOWN.sub(" ", text))


@pytest.fixture
def looked_at(client: Any) -> Callable[..., Any]:
    def look(path: str, form: dict[str, Any] | None = None, **headers: str) -> Any:
        path = path.removeprefix(settings.BASE_URL)
        page = client.get(path) if form is None else client.post(path, form)
        assert forgotten(page.text) == [], f"{path} {form}"
        return page

    return look


@pytest.fixture
def cyrillic(site: Any) -> Any:
    """A newsroom that writes in Cyrillic."""
    masthead = Masthead.load()
    masthead.name, masthead.motto, masthead.postal_address = "Новости", "Правда", "Город"
    masthead.contact_email = "desk@example.org"
    masthead.save()
    for page in (
        site.home,
        site.section,
        site.policy,
        site.newsletter,
        site.newsletter.get_parent(),
    ):
        page = page.specific
        page.title = "Страница"
        page.save()
    site.newsletter.refresh_from_db()
    site.newsletter.tagline = "Каждую неделю"
    site.newsletter.save()
    site.policy.refresh_from_db()
    site.policy.body = "<p>Мало.</p>"
    site.policy.save()
    words = {"title": "Статья", "deck": "О деле", "wire_credit": "Агентство"}
    site.article = make_article(site.section, **words, updated_at=timezone.now())
    site.issue = make_issue(
        site.newsletter, [site.article], "<p>Привет</p>", subject="Тема", live=True
    )
    return site


@pytest.mark.usefixtures("indexed")
def test_reading_and_subscribing(
    cyrillic: Any, brackets: None, looked_at: Callable[..., Any]
) -> None:
    newsletter = cyrillic.newsletter
    for page in (cyrillic.home, cyrillic.section, cyrillic.policy, newsletter, cyrillic.issue):
        looked_at(page.url)
    for path in ("/newsletter/", "/search/", "/search/?q=Статья", "/search/?q=нет", "/nowhere/"):
        looked_at(path)
    looked_at(cyrillic.article.url)
    form = "/newsletter/weekly/signup/"
    for fields in (
        {},
        {"email": "x"},
        {"email": "a@mailinator.com"},
        {"email": "почта@example.org"},
    ):
        looked_at(form, fields)
    looked_at(form, {"email": "a@example.org", "consent": "1", "stamp": "old"})
    looked_at("/newsletter/weekly/check-your-inbox/")


def test_confirming_and_leaving(
    cyrillic: Any, brackets: None, looked_at: Callable[..., Any]
) -> None:
    newsletter = cyrillic.newsletter
    subscription = make_subscription(newsletter, "a@example.org", "pending")
    link = f"/newsletter/confirm/{signup.confirm_token(subscription)}/"
    looked_at(link)
    looked_at(link, {})
    looked_at("/newsletter/confirm/nonsense/")
    own = f"/newsletter/preferences/{tokens.permanent('preferences', subscription.subscriber_id)}/"
    leave = f"/newsletter/unsubscribe/{tokens.permanent('unsubscribe', subscription.pk)}/"
    for weekday in (*range(7), None):
        newsletter.weekday = weekday
        newsletter.save()
        looked_at(own)
    looked_at(leave)
    looked_at(leave, {})
    looked_at(own)
    looked_at(link)  # it decides nothing any more
    index = list_index("a@example.org")
    for reason in Suppression.Reason.values:
        Suppression.objects.filter(email_index=index).delete()
        Suppression.add(index, reason)
        looked_at(own)
        looked_at(link)
    seed = Seed.objects.create(newsletter=newsletter, email="s@example.org", email_index=b"s" * 32)
    looked_at(f"/newsletter/seed/{seeds.token_of(seed)}/")
    looked_at(f"/newsletter/seed/{seeds.token_of(seed)}/", {})
    assert Subscription.objects.filter(status="confirmed").count() == 1


def test_giving(
    cyrillic: Any, brackets: None, looked_at: Callable[..., Any], donor: Any, appeal: Any, told: Any
) -> None:
    appeal.title, appeal.message = "Помогите", "Нам нужно."
    appeal.save()
    looked_at("/support/")
    looked_at(cyrillic.article.url)
    for fields in (
        {"frequency": "never"},
        {"frequency": "once"},
        {"frequency": "once", "currency": "xxx", "amount": "5"},
        {"frequency": "once", "currency": "usd", "amount": "x"},
        {"frequency": "once", "currency": "usd", "amount": "0.1"},
        {"frequency": "once", "currency": "usd", "amount": "1.234"},
        {"frequency": "once", "currency": "jpy", "amount": "500.5"},
        {"frequency": "once", "currency": "usd", "amount": "999999"},
    ):
        looked_at("/support/checkout/", fields)
    looked_at("/support/remind-me/", {})
    looked_at("/support/remind-me/", {"when": "never", "email": "x"})
    looked_at("/support/manage/")
    looked_at("/support/manage/", {"email": "x"})
    looked_at("/support/manage/?sent")
    deferral = make_deferral("l@example.org")
    for name in ("confirm", "postpone", "cancel"):
        for status in Deferral.Status:
            Deferral.objects.update(status=status)
            for form in (None, {}):
                looked_at(f"/support/remind-me/{name}/{reminders.token_of(deferral)}/", form)
    for frequency in ("once", "monthly", "annual"):
        thanks = donor.gives("giver@example.org", frequency=frequency)
        assert forgotten(thanks.text) == []
    [token] = re.findall(r'action="/support/thanks/(\S+)/"', thanks.text)
    for form in ({}, {"message": "x" * 2001}, {"message": "Спасибо"}):
        looked_at(f"/support/thanks/{token}/", form)
    looked_at("/support/thanks/")
    handle(told())
    Contribution.objects.filter(frequency="once").update(status="disputed")
    page = manage_url(Contribution.objects.first().donor)
    looked_at(page)
    looked_at(page + "erase/")
    looked_at(page + "statements/1999/")
    looked_at("/support/manage/nonsense/")


def test_changing_what_is_given(
    cyrillic: Any, brackets: None, looked_at: Callable[..., Any], donor: Any, told: Any
) -> None:
    donor.gives("steady@example.org", frequency="monthly", amount="10")
    handle(told())
    recurring = RecurringContribution.objects.get()
    page = manage_url(recurring.donor)
    for do, fields in (
        ("amount", {"amount": "x"}),
        ("amount", {"amount": "1.000"}),
        ("amount", {"amount": "€12"}),
        ("amount", {"amount": "12"}),
        ("amount", {"amount": "12", "confirmed": "1000 usd monthly"}),
        ("day", {}),
        ("day", {"day": "4"}),
        ("pause", {"months": "3"}),
        ("resume", {}),
        ("frequency", {"frequency": "monthly", "amount": "9"}),
        ("cancel", {"reason": "too much"}),
        ("keep", {}),
        ("frequency", {"frequency": "annual", "amount": "99"}),
        (
            "frequency",
            {"frequency": "annual", "amount": "99", "confirmed": "1200 usd monthly"},
        ),
        ("nonsense", {}),
    ):
        form = {"recurring": recurring.pk, "do": do, "form_id": str(uuid.uuid4()), **fields}
        looked_at(page, form)
    update = update_payment_url(recurring).removeprefix(settings.BASE_URL)
    looked_at(update)
    for fields in (
        {"status": "past_due"},
        {"ended_at": timezone.now()},
        {"ended_at": None, "status": "active", "paused": True},
        {"paused": True, "resumes_at": timezone.now() + timedelta(days=9)},
        {"status": "canceled"},
    ):
        RecurringContribution.objects.update(**fields)
        looked_at(page)
        looked_at(update)


# To colleagues, in English, as the admin is.
FOR_STAFF = {"newsroom.editing.emails", "newsroom.staff.emails", "newsroom.panic.emails"}


@pytest.mark.parametrize(
    "name", [name for name, (_, writer) in mails().items() if writer.__module__ not in FOR_STAFF]
)
def test_a_mail(cyrillic: Any, brackets: None, name: str) -> None:
    words, _ = mails()[name]
    named = re.findall(
        r"{(\w+)}", " ".join(map(str, [words.subject, *words.paragraphs, words.small]))
    )
    letter = Letter(
        "a@example.org",
        about=dict.fromkeys(named, "Слово"),
        url="https://example.org/",
        context={"mail": None, "newsletter": cyrillic.newsletter},
    )
    message = compose(words, letter)
    html = message.alternatives[0][0]
    assert forgotten(message.subject) == forgotten(message.body) == forgotten(html) == []
    assert filled(words.button, {}) in unescape(html)


def test_choices_of_the_donors_page(brackets: None) -> None:
    for _, label in [*REASONS, *MONTHS, *LATER]:
        assert forgotten(str(label)) == []
