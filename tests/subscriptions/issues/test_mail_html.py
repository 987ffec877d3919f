"""The mail as judged by others: an HTML validator, a spam filter, a size limit."""

import json
import os
import re
import shutil
import subprocess
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone
from wagtail.rich_text import RichText

from newsroom.models import ArticleByline, Author, Masthead
from subscriptions.models import Mailing
from subscriptions.sending import transports
from tests.factories import make_article, make_frozen, make_image, make_issue

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
STORY = (
    "The city council of Ostrev has voted to keep the old tram line open for another year. "
    "Residents had collected eleven thousand signatures; the mayor read them out one by one."
)
# What a mail needs and a web page would not have; everything else is to be valid HTML 5.
MAILS_OWN = re.compile(
    r'attribute "(align|valign|bgcolor|width|background|vertical-align|xmlns:[vo]|'
    r'aria-roledescription)"|lacks "summary"|<img> attribute "height" has invalid value "auto"'
)


def needs(tool: str) -> pytest.MarkDecorator:
    missing = not shutil.which(tool) and os.environ.get("BROWSER") != "required"
    return pytest.mark.skipif(missing, reason=f"no {tool}: sudo apt install {tool}")


@pytest.fixture
def mailing(site) -> Mailing:
    masthead = Masthead.load()
    masthead.postal_address = "Example Street 1, 10115 Berlin"
    masthead.save()
    text = json.dumps([{"type": "text", "value": f"<p>{STORY}</p><h2>And then</h2><p>{STORY}</p>"}])
    author = Author.objects.create(name="Irena Volkova")
    articles = []
    for number in range(20):
        article = make_article(
            site.section, title=f"Tram line {number} stays open", deck=STORY, body=text,
            lead_image=None if number else make_image("tram"),
        )  # fmt: skip
        article.bylines.add(ArticleByline(author=author))
        article.save()
        articles.append(article)
    body = [
        ("letter", RichText(f"<p>Dear readers,</p><p>{STORY}</p>")),
        ("section", "News"),
        *(("article", {"article": article}) for article in articles[:10]),
        ("section", "Features"),
        *(("article", {"article": article}) for article in articles[10:19]),
        ("article", {"article": articles[19], "full_text": True, "image": make_image("own")}),
        ("quote", {"text": "We counted them all", "who": "The mayor"}),
        ("event", {"title": "We meet", "at": timezone.now(), "place": "Berlin", "text": STORY}),
        ("appeal", None),
    ]
    issue = make_issue(
        site.newsletter, [], body=body, subject="The tram stays", preheader=STORY[:90]
    )
    make_frozen(issue)
    return Mailing.objects.get()


def as_sent(mailing: Mailing) -> bytes:
    """One reader's copy, byte for byte, as a mail server would take it over."""
    values = {
        "email": "reader@example.org",
        "message_id": "<mailing-1.2@mail.example.org>",
        "unsubscribe": "AAAAAAAAAAVChY1LsQmikXPUabcd",
        "preferences": "AAAAAAAAAAVChY1LsQmikXPUabce",
    }
    filled = transports.template(mailing).fill(values)
    return re.sub(rb"(?m)^\.\.", b".", filled)


def test_mail_of_twenty_items_is_not_cut_off(mailing) -> None:
    """Gmail clips at about 102 kB, of the HTML as it is sent: with the counted links."""
    assert len(mailing.bodies.get().html.encode()) < 90_000


def test_headings_are_in_order_and_tables_are_no_tables(mailing) -> None:
    page = BeautifulSoup(mailing.bodies.get().html, "html.parser")
    levels = [int(tag.name[1]) for tag in page.find_all(re.compile("^h[1-6]$"))]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(table.get("role") for table in page.find_all("table"))
    assert all(image.get("alt") is not None for image in page.find_all("img"))
    assert page.html["lang"] == "en" and page.title.string


def test_buttons_are_drawn_without_pictures(mailing) -> None:
    [button] = BeautifulSoup(mailing.bodies.get().html, "html.parser").find_all(
        "a", string=re.compile("Support")
    )
    assert button.find_parent("td")["bgcolor"] == "#7a1710"
    assert not button.find("img")


@needs("tidy")
def test_validator_finds_nothing_but_what_mails_need(mailing) -> None:
    run = subprocess.run(
        ["tidy", "-e", "-q", "-utf8", "--show-warnings", "yes", "--show-info", "no"],
        input=mailing.bodies.get().html.encode(),
        capture_output=True,
        check=False,
    )
    said = [line for line in run.stderr.decode().splitlines() if "line" in line]
    assert [line for line in said if not MAILS_OWN.search(line)] == []
    assert run.returncode < 2  # 2: errors


@needs("spamassassin")
def test_spam_filter_gives_it_less_than_one_point(mailing) -> None:
    run = subprocess.run(
        ["spamassassin", "--local", "--test-mode", "--cf=use_bayes 0", "--cf=use_auto_whitelist 0"],
        input=as_sent(mailing).replace(b"\r\n", b"\n"),
        capture_output=True,
        check=False,
    )
    judged = run.stdout.decode(errors="replace")
    score = re.search(r"score=(-?[\d.]+)", judged)
    assert score, judged[:500] + run.stderr.decode()[:500]
    report = judged.partition("Content analysis details:")[2]
    assert float(score[1]) < 1.0, report[:2000]
