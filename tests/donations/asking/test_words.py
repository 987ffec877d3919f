import re
from html import unescape

import nh3
import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from wagtail.test.utils.form_data import rich_text

from donations.asking.words import OPENING, cut, for_a_mail, words_of
from donations.models import Appeal
from donations.models.asking.amounts_in_words import problem_in_html
from newsroom.core.languages import speaking
from tests.factories import make_appeal, make_article, make_user

pytestmark = pytest.mark.usefixtures("site")


def seen(text: str) -> str:
    """A page's words, without its tags."""
    return re.sub(r"<[^>]+>", "", text)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?currency=usd", "From $2, or $5 a month: $5 a year. Once: $5."),
        ("?currency=eur", "From €2, or €5 a month: €5 a year. Once: €5."),
        ("?currency=jpy", "From ¥300, or ¥500 a month: ¥500 a year. Once: ¥500."),
        ("?currency=zzz", "From $2, or $5 a month: $5 a year. Once: $5."),
    ],
)
def test_amounts_in_the_appeals_words_follow_the_currency(client, query: str, said: str) -> None:
    message = "From {least}, or {monthly} a month: {annual} a year. Once: {once}."
    make_appeal(title="From {least} on", message=message)
    page = seen(client.get(f"/support/{query}").text)
    assert said in page and f"{said.partition(',')[0]} on" in page
    assert "{" not in page


def test_box_under_an_article_says_amounts_in_the_readers_currency(client, site) -> None:
    make_appeal(message="From {least} a month.")
    article = make_article(site.section).url
    for prefix, languages, said in (("", "it", "€2"), ("", "en-us", "$2"), ("/de", "de", "2\xa0€")):
        page = client.get(prefix + article, headers={"Accept-Language": languages}).text
        assert f"From {said} a month." in seen(page[page.index("box-ask") :])


def test_mail_says_them_in_the_currency_of_its_language(site) -> None:
    appeal = make_appeal(title="{monthly} <b>", message="<p>From {least} a <b>month</b>.</p>")
    said = for_a_mail(appeal)
    assert (said["title"], said["message"]) == ("$5 <b>", "<p>From $2 a <b>month</b>.</p>")
    with speaking("de"):
        assert for_a_mail(appeal)["message"] == "<p>From 2\xa0€ a <b>month</b>.</p>"


def test_what_is_no_rich_text_stays_out_of_the_page(client) -> None:
    message = '<p>{once}<script>{once}</script> {x} <i title="{once}">{least</i></p>'
    make_appeal(title="<b>{least}</b>", message=message)
    page = client.get("/support/").text
    assert "<script>{" not in page and "<b>" not in page and ">$5</span> {x}" in page
    assert "&lt;b&gt;$2&lt;/b&gt;" in seen(page) and "{x} {least" in seen(page)


def test_links_and_bold_words_are_for_readers(client, site) -> None:
    article = make_article(site.section, title="The lists")
    link = f'<a linktype="page" id="{article.pk}">read it</a>'
    make_appeal(
        message=f"<p>From <b>{{least}}</b>: {link}, <a href='https://a.example/'>or</a></p>"
    )
    page = client.get("/support/").text
    assert '<b><span data-said="least">$2</span></b>' in page
    assert f'<a href="{article.url}">read it</a>' in page and 'href="https://a.example/"' in page
    article.unpublish()
    assert "read it" in client.get("/support/").text
    assert article.url not in client.get("/support/").text


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("From $2 a month", "“$2” would stand there"),
        ("Ab 2,50 € im Monat", "“2,50 €” would stand there"),
        ("From USD 10", "“USD 10” would stand there"),
        ("Od 20 zł", "“20 zł” would stand there"),
        ("От 200 ₽ в месяц", "“200 ₽” would stand there"),
        ("Від ₴٢٠٠", "“₴٢٠٠” would stand there"),
        ("From {lest} a month", "“{lest}” stands for no amount"),
        ("From {least", "“{least” stands for no amount"),
        ("From {} on", "“{}” stands for no amount"),
    ],
)
@pytest.mark.parametrize("field", ["title", "message"])
def test_editor_is_told_how_to_write_an_amount(words: str, problem: str, field: str) -> None:
    appeal = Appeal(**{"title": "Please", "message": "Give."} | {field: words})
    with pytest.raises(ValidationError) as raised:
        appeal.full_clean()
    assert problem in raised.value.message_dict[field][0]


@pytest.mark.parametrize(
    "words",
    [
        "From {least} a month, or {annual} a year", "They took 5 million dollars in 2024.",
        "We are 20. KDE is free; 3 PLNs", "Only 100 % of it", "",
    ],
)  # fmt: skip
def test_sums_that_are_facts_can_be_said(words: str) -> None:
    Appeal(title="Please", message=f"Give. {words}").full_clean()


def test_editor_sees_the_problem_at_its_field(client, site) -> None:
    client.force_login(make_user(None))
    form = {
        "title": "Give",
        "message": rich_text("From $2"),
        "starts_at": "2026-01-01 10:00",
        "active": "on",
    }
    for name, value in {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0}.items():
        form[f"amounts-{name}"] = value
    page = client.post(reverse("appeals:add"), form).text
    assert "would stand there for readers of every currency" in page


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ("<p>From <b>$</b>2 a month</p>", "“$2” would stand there"),
        ("<p>From {<b>least</b>}</p>", "as a whole or not at all"),
        ("<p>From &#123;lest&#125;</p>", "“{lest}” stands for no amount"),
        ('<p>From <a href="/{x}">{least}</a> 2&lt;3</p>', ""),
        ("<p>It was 20</p><p>$ are its name</p>", ""),
    ],
)
def test_amounts_are_found_across_bold_words(html: str, problem: str) -> None:
    assert problem in problem_in_html(html) and bool(problem) == bool(problem_in_html(html))


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts if text.strip())


@pytest.mark.parametrize(
    "texts",
    [
        ["Short."], [""], ["a" * 1000], ["word " * 200], ["A sentence of some words. " * 50],
        ["ф" * 299], ["First paragraph. " * 10, "Second paragraph. " * 20], ["👩‍👩‍👧" * 300],
        ["Short.", "b" * 600], ["&amp;" * 400], ["And <b>bold</b> words, <i>too</i>.<br>" * 20],
        ["No paragraph at all"],
    ],
)  # fmt: skip
def test_long_message_is_cut_for_a_phone_and_nothing_is_lost(texts: list[str]) -> None:
    message = paragraphs(*texts)
    opening, rest = cut(message)
    assert len(unescape(seen(opening))) <= OPENING
    assert "".join(seen(opening + rest).split()) == "".join(seen(message).split())
    assert rest or opening == paragraphs(*(text.strip() for text in texts))
    for html in (opening, rest):
        assert nh3.clean(html) == html  # each is whole


def test_words_without_a_paragraph_become_one() -> None:
    assert cut("We need you.") == ("<p>We need you.</p>", "")


def test_message_is_parted_at_its_paragraph() -> None:
    first = "We write what they would hide. " * 5
    opening, rest = cut(paragraphs(first, "And we need you. " * 30))
    assert opening == f"<p>{first.strip()}</p>" and rest.startswith("<p>And we")


def test_message_is_parted_within_no_link() -> None:
    opening, rest = cut(f"<p>We ask. <b>{'All of it is bold. ' * 30}</b></p>")
    assert opening == "<p>We ask.</p>" and rest.startswith("<p><b>All")
    whole = f"<p><b>{'All of it is bold. ' * 30}</b></p>"
    assert cut(whole) == (whole, "")


@pytest.mark.parametrize("before", range(292, 301))
def test_amount_is_not_parted(before: int) -> None:
    appeal = make_appeal(message=f"<p>{'面' * before}{{least}}{'包' * 50}</p>")
    shown = words_of(appeal, "usd")
    assert "{" not in shown["opening"] + shown["rest"]
    assert "$2" in seen(shown["opening"] + shown["rest"])


def test_box_folds_what_is_long(client, site) -> None:
    make_appeal(message=f"<p>{'We need you to read this. ' * 30}</p>")
    page = client.get(make_article(site.section).url).text
    opening, _, rest = page.partition('<details class="more">')
    assert len(re.findall("We need you", opening)) == 11
    assert len(re.findall("We need you", rest)) == 19
