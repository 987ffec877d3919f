"""A reader's own data as a page: all of it, in their language."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from newsroom.core import languages, tokens
from newsroom.mail import outbox
from newsroom.models import Suppression, SuppressionLift
from subscriptions.desk.readers import by_hand
from subscriptions.models import (
    AddressChange,
    Batch,
    DeliveryFailure,
    ReaderTag,
    Seed,
    Subscriber,
    Subscription,
)
from subscriptions.readers import address_change, signup
from subscriptions.readers.data import held, in_words
from subscriptions.readers.due import sunset
from subscriptions.readers.signup_form import Source
from tests.factories import make_article, make_frozen, make_issue, make_subscription

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
WRITTEN = re.compile(r'(?:\bhow=|"how": |CONFIRMED, |put_on_list\(\w+, )"([^"]+)"')


@pytest.fixture
def ann(site) -> Subscriber:
    """Of whom we hold one of everything."""
    reader = make_subscription(site.newsletter, "ann@example.org")
    mailing = make_frozen(make_issue(site.newsletter, [make_article(site.section)]))
    Batch.objects.update(status="accepted")
    Subscription.objects.filter(pk=reader.pk).update(
        source="import 3", whole_articles=True, seed=True, confirmed_on=TODAY() - timedelta(50),
        asked_on=TODAY() - timedelta(9),
        paused_until=TODAY() + timedelta(9), unsubscribed_on=TODAY() - timedelta(99),
    )  # fmt: skip
    for how in ("import 3: Sendy, joined", "mailed link", "by hand: on paper", "one-click"):
        signup.record(reader, "confirmed", how)
    ann = reader.subscriber
    Subscriber.objects.filter(pk=ann.pk).update(
        language="de", country="GE", mirror_links=True, pressed_on=TODAY() - timedelta(3)
    )
    ReaderTag.objects.create(subscriber=ann, name="Blog, täglich")
    DeliveryFailure.objects.create(mailing=mailing, subscriber=ann, kind="soft")
    Suppression.add(ann.email_index, Suppression.Reason.REQUEST)
    for why in ("confirmed by its owner", "They wrote a letter."):
        SuppressionLift.objects.create(email_index=ann.email_index, reason="bounce", why=why)
    Seed.objects.create(newsletter=site.newsletter, email=ann.email, subscription=reader)
    for done in (None, TODAY()):
        AddressChange.objects.create(subscriber=ann, email="new@example.org", done_on=done)
    outbox.post("confirm", reader.pk, key="x")
    return Subscriber.objects.get()


def page_of(client: Any, subscriber: Subscriber) -> str:
    link = tokens.expiring(held.DATA, subscriber.pk)
    page = client.get(f"/newsletter/data/{link}/").text
    return re.sub(r"\s+", " ", page.partition("<main")[2].partition("</main>")[0])


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [leaf for one in value for leaf in leaves(one)]
    return [value]


def test_every_fact_of_the_file_has_its_place_on_the_page(client, ann) -> None:
    everything = held.everything_about(ann)
    assert all(everything.values()), "The reader of this test has one of everything."
    assert all(all(one.values()) for one in everything["newsletters"])
    page = page_of(client, ann)
    with languages.speaking("de"):
        for fact in leaves(everything):
            if isinstance(fact, date):
                assert date_format(fact) in page
        for words in (
            "Deutsch", "Georgien", "Blog, täglich", "mit dem Link in einer Mail", "auf Papier",
            "von einer anderen Liste (Sendy, joined)", "mit einem Knopf Ihres Mailprogramms",
            "das Postfach war voll", "Sie wünschten keine Post", "Sie haben es bestätigt",
            "They wrote a letter.", "new@example.org", "wartet",
        ):  # fmt: skip
            assert words in page, words
        for label in in_words.OF_READER.labels.values():
            assert str(label).partition("%(day)s")[0] in page


def test_no_word_of_ours_stays_in_english(client, ann) -> None:
    page = page_of(client, ann)
    raw = ("mailed link", "by hand", "one-click", "import 3", "soft", "bounce", "request",
           "confirmed", "waiting", "None", "True")  # fmt: skip
    assert not [word for word in raw if re.search(rf"\b{word}\b", page)]


def test_nothing_stands_where_there_is_nothing(client, site) -> None:
    reader = make_subscription(site.newsletter, "new@example.org")
    page = page_of(client, reader.subscriber)
    assert page.count("<h2>") == 1 and "None" not in page and "Tags" not in page
    assert "Your newsletters" in page and "You are on its list." in page


def test_every_way_has_words() -> None:
    """As they stand in the code: whoever adds one finds this."""
    found = {*Source.values, by_hand.SOURCE, "demo"}
    found |= {f"{by_hand.SOURCE}: {way}" for way in by_hand.WAYS}
    for path in Path(settings.BASE_DIR / "subscriptions").rglob("*.py"):
        found |= set(WRITTEN.findall(path.read_text()))
    found |= {"page", "one-click", address_change.HOW, sunset.HOW_KEPT, sunset.HOW_ENDED}
    found.discard("how")  # the name of a column
    assert len(found) > 20
    for language in languages.translated():
        with languages.speaking(language):
            assert not [one for one in found if in_words.way(one, {}) == one]
