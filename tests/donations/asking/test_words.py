import re

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from donations.asking.words import OPENING, cut, plain_words, words_of
from donations.models import Appeal
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
    appeal = make_appeal(title="{monthly}", message="From {least} a month <b>.")
    assert plain_words(appeal) == {"title": "$5", "message": "From $2 a month <b>."}
    with speaking("de"):
        assert plain_words(appeal)["message"] == "From 2\xa0€ a month <b>."


def test_amount_in_words_of_an_editor_stays_text(client) -> None:
    make_appeal(title="<b>{least}</b>", message="<script>{once}</script> {x} {least")
    page = client.get("/support/").text
    assert "<script>{" not in page and "<b>" not in page
    assert "&lt;b&gt;$2&lt;/b&gt;" in seen(page) and "{x} {least" in seen(page)


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
    form = {"title": "Give", "message": "From $2", "starts_at": "2026-01-01 10:00", "active": "on"}
    for name, value in {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0}.items():
        form[f"amounts-{name}"] = value
    page = client.post(reverse("appeals:add"), form).text
    assert "would stand there for readers of every currency" in page


@pytest.mark.parametrize(
    "message",
    [
        "Short.", "", "a" * 1000, "word " * 200, "A sentence of some words. " * 50, "ф" * 299,
        "First paragraph. " * 10 + "\n\n" + "Second paragraph. " * 20, "👩‍👩‍👧" * 300, "\n" * 700,
        "Short.\n\n" + "b" * 600,
    ],
)  # fmt: skip
def test_long_message_is_cut_for_a_phone_and_nothing_is_lost(message: str) -> None:
    opening, rest = cut(message)
    assert len(opening) <= OPENING
    assert "".join((opening + rest).split()) == "".join(message.split())
    assert rest or opening.strip() == message.strip()


def test_message_of_a_form_is_parted_at_its_paragraph() -> None:
    first = "We write what they would hide. " * 5
    opening, rest = cut(f"{first}\r\n\r\n{'And we need you. ' * 30}")
    assert opening == first.strip() and rest.startswith("And we")


@pytest.mark.parametrize("before", range(292, 301))
def test_amount_is_not_parted(before: int) -> None:
    appeal = make_appeal(message=f"{'面' * before}{{least}}{'包' * 50}")
    shown = words_of(appeal, "usd")
    assert "{" not in shown["opening"] + shown["rest"]
    assert "$2" in seen(shown["opening"] + shown["rest"])


def test_box_folds_what_is_long(client, site) -> None:
    make_appeal(message="We need you to read this. " * 30)
    page = client.get(make_article(site.section).url).text
    opening, _, rest = page.partition('<details class="more">')
    assert len(re.findall("We need you", opening)) == 11
    assert len(re.findall("We need you", rest)) == 19
