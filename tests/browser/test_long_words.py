"""No word that somebody writes is wider than a phone: on pages, own pages, in mails, for staff."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page
from wagtail.rich_text import RichText

from donations.giving.links import manage_url, update_payment_url
from donations.models import Contribution, Country, Donor, RecurringContribution
from newsroom.core import tokens
from newsroom.core.privacy import giving_index
from newsroom.mail import compose
from newsroom.mail.catalogue import Letter, mails
from newsroom.models import ArticleByline, Author, Correction, Masthead, TextPage
from subscriptions.issues import rendering
from tests.browser.drawing import drawn
from tests.factories import (
    make_appeal,
    make_article,
    make_image,
    make_issue,
    make_subscription,
    make_user,
)

PHONE = 360
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 4
ADDRESS = "https://example.org/" + "very-long_path/0123456789" * 12
BOTH = f"{WORD[:300]} {ADDRESS}"


@pytest.fixture
def pages(client: Any, site: Any, settings: Any) -> dict[str, str]:
    """Each kind of page that shows a person's words: what it is -> its HTML."""
    settings.STATIC_URL = "/static/"
    masthead = Masthead.load()
    masthead.name, masthead.motto = WORD[:60], WORD[:120]
    masthead.postal_address = WORD[:200]
    masthead.contact_email = f"{'x' * 60}@{'y' * 60}.{'z' * 60}.example.org"
    masthead.save()
    site.section.title, site.section.introduction = WORD[:250], WORD[:250]
    site.section.save()
    newsletter = site.newsletter
    newsletter.title, newsletter.tagline = WORD[:250], WORD[:100]
    newsletter.about = f"<p>{BOTH}</p>"
    newsletter.save()
    image = make_image(WORD[:200], description=WORD[:250], credit=WORD[:120])
    body = [
        ("text", RichText(f'<h2>{WORD[:300]}</h2><p>{BOTH}</p><ul><li>{BOTH}</li></ul>')),
        ("quote", {"text": BOTH, "who": WORD[:300]}),
        ("embed", {"url": ADDRESS, "title": WORD[:300]}),
        ("image", {"image": image, "caption": BOTH}),
        ("list", [BOTH, WORD[:300]]),
        ("table", {"data": [["a", WORD[:300], "b"], [ADDRESS, "c", "6 November 2026"]],
                   "first_row_is_table_header": True}),
    ]  # fmt: skip
    author = Author.objects.create(name=WORD[:120])
    article = make_article(
        site.section, title=WORD[:250], deck=WORD[:300], body=body, wire_credit=WORD[:120],
        lead_image=image, caption=WORD[:300],
    )  # fmt: skip
    article.tags.add(WORD[:100])
    article.bylines.add(ArticleByline(author=author))
    article.corrections.add(Correction(text=WORD[:300], corrected_on=timezone.localdate()))
    article.save()
    issue = make_issue(
        newsletter, [article], letter=f"<p>{BOTH}</p>", subject=WORD[:150], live=True,
        body=[
            ("letter", RichText(f"<p>{BOTH}</p>")), ("section", WORD[:60]),
            ("article", {"article": article, "headline": WORD[:200], "teaser": WORD[:300]}),
            ("article", {"article": article, "full_text": True}),
            ("quote", {"text": BOTH, "who": WORD[:300]}),
            ("event", {"title": WORD[:150], "at": timezone.now(), "place": WORD[:150],
                       "text": BOTH, "link": ADDRESS}),
            ("archive", {"article": article, "why": WORD[:300]}), ("appeal", None),
        ],
    )  # fmt: skip
    text = site.home.add_child(
        instance=TextPage(title=WORD[:250], slug="long", body=f"<h2>{WORD[:300]}</h2><p>{BOTH}</p>")
    )
    appeal = make_appeal(title=WORD[:100], message=BOTH * 3)
    Country.objects.create(code="ZZ", name=WORD[:60], warning=BOTH)
    subscription = make_subscription(newsletter)
    confirm = tokens.expiring("confirm", [make_subscription(newsletter, status="pending").pk, 0, 0])
    unsubscribe = f"/newsletter/unsubscribe/{tokens.permanent('unsubscribe', subscription.pk)}/"
    own = tokens.permanent("preferences", subscription.subscriber_id)
    recurring = make_recurring(appeal)
    manage = "/support/manage/" + manage_url(recurring.donor).partition("/support/manage/")[2]
    card = "/" + update_payment_url(recurring).split("/", 3)[3]
    long_address = f"{'x' * 60}@{'y' * 60}.{'z' * 60}.example.org"
    got = {
        "front page": "/", "section": site.section.url, "article": article.url, "text": text.url,
        "policy": site.policy.url, "newsletters": newsletter.get_parent().url,
        "newsletter": newsletter.url, "issue": issue.url,
        "nothing found": f"/search/?q={WORD[:190]}",
        "found": "/search/?q=Article", "support": "/support/",
        "yen": "/support/?currency=jpy",
        "country": "/support/?country=ZZ", "signup": "/newsletter/weekly/signup/",
        "inbox": "/newsletter/weekly/signup/check-your-inbox/",
        "confirm": f"/newsletter/confirm/{confirm}/", "unsubscribe": unsubscribe,
        "own page of a reader": f"/newsletter/preferences/{own}/", "own page of a donor": manage,
        "card": card, "erase": f"{manage}erase/", "not found": f"/{WORD[:200]}/",
        "dead link": "/newsletter/confirm/x/",
        "manage": "/support/manage/", "thanks": "/support/thanks/",
    }  # fmt: skip
    posted = {
        "signup error": ("/newsletter/weekly/signup/", {"email": WORD}),
        "confirmed": (got["confirm"], {}), "unsubscribed": (unsubscribe, {}),
        "amount error": ("/support/checkout/", {"frequency": "once", "own_amount": WORD[:40]}),
        "amount unclear": ("/support/checkout/", {"frequency": "once", "own_amount": "5.000"}),
        "later error": ("/support/remind-me/", {"email": WORD}),
        "later": ("/support/remind-me/", {"when": "week", "email": long_address}),
        "manage error": ("/support/manage/", {"email": WORD}),
        "change error": (manage, {"recurring": recurring.pk, "do": "amount", "amount": WORD[:40],
                                  "form_id": "8a0d5f0e-52a5-4d1e-b7ec-1f8c0b6a2f11"}),
    }  # fmt: skip
    found = {}
    for prefix in ("", "/ar"):
        for name, path in got.items():
            found[f"{name} {prefix}"] = client.get(prefix + path).text
        for name, (path, form) in posted.items():
            found[f"{name} {prefix}"] = client.post(prefix + path, form).text
    found["mail: issue"] = rendering.render_issue(issue).html
    found["mail: notice"] = notice(WORD[:150])
    client.force_login(make_user(None))
    for name, path in {
        "staff: explorer": f"/admin/pages/{site.section.pk}/",
        "staff: front": "/admin/pages/", "staff: start": "/admin/",
        "staff: editor": f"/admin/pages/{text.pk}/edit/",
        "staff: desks": "/admin/newsletters/",
        "staff: desk": f"/admin/newsletters/issue/{issue.pk}/",
        "staff: appeals": "/admin/appeals/", "staff: countries": "/admin/countries/",
        "staff: contribution": f"/admin/contributions/inspect/{recurring.contributions.get().pk}/",
        "staff: contributions": "/admin/contributions/",
        "staff: authors": "/admin/snippets/newsroom/author/",
        "staff: pictures": "/admin/images/",
        "staff: history": f"/admin/pages/{article.pk}/history/",
    }.items():  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200, path
        found[name] = answer.text
    return found


def make_recurring(appeal: Any) -> RecurringContribution:
    email = f"{'x' * 60}@{'y' * 60}.{'z' * 60}.example.org"
    donor = Donor.objects.create(email=email, email_index=giving_index(email), name=WORD[:200])
    now = timezone.now()
    recurring = RecurringContribution.objects.create(
        donor=donor, appeal=appeal, frequency="monthly", amount=1_000_000_000, currency="usd",
        status="active", stripe_subscription="sub_x", stripe_customer="cus_x", started_at=now,
        renews_at=now + timedelta(days=9), card="visa 4242",
    )  # fmt: skip
    Contribution.objects.create(
        donor=donor, recurring=recurring, appeal=appeal, message=BOTH, frequency="monthly",
        amount=1_000_000_000, currency="usd", status="succeeded", stripe_payment_intent="pi_x",
        created_at=now, received_at=now,
    )  # fmt: skip
    return recurring


def notice(newsletter: str) -> str:
    """A single mail, its values long."""
    mail, _writer = mails()["confirm"]
    about = dict.fromkeys(("newsletter", "rhythm"), newsletter)
    letter = Letter("a@example.org", "en", about=about, url=ADDRESS)
    return str(compose.compose(mail, letter).alternatives[0][0])


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": PHONE, "height": 740})
    page = context.new_page()
    yield page
    context.close()


# What sticks out, to find it when this fails.
WIDE = """most => [...document.querySelectorAll("body *")]
  .filter(e => e.getBoundingClientRect().right > most + 1 || e.getBoundingClientRect().left < -1)
  .filter(e => !e.closest(".table, .hidden, .skip")).slice(0, 3)
  .map(e => e.outerHTML.slice(0, 90))"""


@pytest.mark.rare
def test_no_word_is_wider_than_a_phone(phone: Page, pages: dict[str, str]) -> None:
    wide = {}
    for name, html in pages.items():
        drawn(phone, {"/page": html}, "/page")
        for fold in phone.query_selector_all("details"):
            fold.evaluate("e => { e.open = true }")
        width = phone.evaluate("document.scrollingElement.scrollWidth")
        if width > PHONE:
            wide[name] = (width, phone.evaluate(WIDE, PHONE))
    assert wide == {}
