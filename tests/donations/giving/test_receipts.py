"""One receipt for each contribution, without gaps, in the donor's language; the year's sum."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pypdfium2
import pytest
from django.db import connection, transaction
from pypdf import PdfReader

from donations.giving import receipts
from donations.giving.typesetting import STAND_IN
from donations.models import Contribution, Donor, Receipt, ReceiptNumber
from donations.sandbox.objects import Card
from newsroom.core.privacy import giving_index
from newsroom.models import Masthead
from tests.donations.conftest import handle

pytestmark = pytest.mark.django_db
YEAR_END = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)  # 23:30 in Berlin
NEW_YEAR = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # 00:30 there


def text_of(document: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages)


def name_newsroom(name: str) -> None:
    masthead = Masthead.load()
    masthead.name, masthead.postal_address = name, f"{name} 7"
    masthead.save()


def copied_from(document: bytes) -> str:
    """What a reader copies, by the engine of Chrome. (pypdf knows nothing of the text that stands
    for several glyphs: ActualText, ISO 32000-2, 14.9.4.)"""
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(document)]
    return "\n".join(pages).replace("\r", "")


def make_contribution(n: int, donor: Donor | None = None, **fields: object) -> Contribution:
    return Contribution.objects.create(
        donor=donor,
        stripe_payment_intent=f"pi_{n}",
        **{
            "frequency": "once",
            "amount": 1250,
            "currency": "eur",
            "status": "succeeded",
            "payment_method": "visa 4242",
            "created_at": YEAR_END,
            "received_at": YEAR_END,
        }
        | fields,
    )


def make_donor(language: str = "en", name: str = "Ёлка Żółć") -> Donor:
    email = f"{language}@example.org"
    return Donor.objects.create(
        email=email, email_index=giving_index(email), name=name, language=language
    )


def test_numbers_begin_anew_with_the_newsrooms_year() -> None:
    days = [YEAR_END, YEAR_END, NEW_YEAR, YEAR_END]
    made = [str(Receipt.issue(make_contribution(n), day)) for n, day in enumerate(days)]
    assert made == ["2026-000001", "2026-000002", "2027-000001", "2026-000003"]


def test_number_of_what_was_rolled_back_is_given_to_the_next() -> None:
    with transaction.atomic():
        Receipt.issue(make_contribution(1), YEAR_END)
        transaction.set_rollback(True)
    assert Receipt.issue(make_contribution(2), YEAR_END).number == 1


@pytest.mark.django_db(transaction=True)
def test_forty_contributions_at_once_leave_no_gap() -> None:
    contributions = [make_contribution(n) for n in range(40)]

    def issue(contribution: Contribution) -> None:
        try:
            with transaction.atomic():
                Receipt.issue(contribution, YEAR_END)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(issue, contributions))
    numbers = Receipt.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, 41))
    assert ReceiptNumber.objects.get().last == 40


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Receipt 2026-000001", "Received on", "31 December 2026"]),
        ("de", ["Beleg 2026-000001", "Eingegangen am", "31. Dezember 2026"]),
        ("ru", ["Квитанция 2026-000001", "Получено", "31 декабря 2026"]),
        ("pl", ["Potwierdzenie", "31 grudnia 2026"]),
        ("fr", ["Reçu", "31 décembre 2026"]),
        ("es", ["Recibo", "31 de diciembre de 2026"]),
        ("uk", ["2026-000001", "31 грудня 2026"]),
        ("ar", ["2026-000001", "ديسمبر"]),
        ("fa", ["2026-000001", "دسامبر"]),
        ("tlh", ["Receipt 2026-000001"]),
    ],
)
def test_receipt_speaks_the_donors_language(site, language: str, words: list[str]) -> None:
    contribution = make_contribution(1, make_donor(language))
    page = text_of(receipts.receipt(Receipt.issue(contribution, YEAR_END)))
    amount = "12.50 EUR" if language in ("en", "ar", "fa", "tlh") else "12,50 EUR"
    for word in [*words, amount, "visa 4242", "The Meridian", "Ёлка Żółć"]:
        assert word in page


@pytest.mark.parametrize("name", ['#panic("x")', "$ *_ @a <b> // /* \\", "", "x" * 500])
def test_name_is_never_read_as_markup(site, name: str) -> None:
    contribution = make_contribution(1, make_donor(name=name))
    assert b"%PDF" in receipts.receipt(Receipt.issue(contribution, YEAR_END))[:10]


IN_OTHER_SCRIPTS = [
    "王小明", "𠮷野さくら", "김철수", "สมชาย ใจดี", "မြန်မာ", "বাংলা ক্ষ", "አማርኛ", "தமிழ்", "ខ្មែរ",
    "हिन्दी क्षत्रिय", "ქართული", "Հայերեն", "ગુજરાતી", "ਪੰਜਾਬੀ", "ಕನ್ನಡ", "മലയാളം", "ଓଡ଼ିଆ", "සිංහල",
    "తెలుగు", "ລາວ", "Ngọc Ánh 🎉", "عبد الله", "عبدالله بالله",
]  # fmt: skip


@pytest.mark.parametrize("name", IN_OTHER_SCRIPTS)
def test_name_in_any_script_is_shown_and_can_be_copied(site, name: str) -> None:
    name_newsroom(name)
    contribution = make_contribution(1, make_donor(name=name), payment_method=f"{name} 4242")
    document = receipts.receipt(Receipt.issue(contribution, YEAR_END))
    page = copied_from(document)
    assert page.count(name) >= 3  # of the newsroom, with its address, of the donor, of the card
    assert STAND_IN not in page and b"pdfuaid:part" in document


@pytest.mark.parametrize(
    "name",
    [
        "བོད ᠮᠣᠩᠭᠣᠯ ߒߞߏ", "\x00\x07\x1b", "\ud83d half", "\ue000\U000f0000", "\ufdd0\uffff",
        "\ufeff", "a\u202eb\u2067c\u200f", "콕\u031b", "\U0001f945\u0ece", "\u0301" * 300, "\u200d",
        "\r\n\t \u2028", "Maximiliana" * 30, "𓀀" * 300, "👩🏽\u200d🚀" * 99, "س" * 300,
    ],
)  # fmt: skip
def test_no_name_stops_a_receipt(site, name: str) -> None:
    name_newsroom(
        "".join(one for one in name[:50] if one != "\0" and not "\ud800" <= one < "\ue000")
    )
    contribution = make_contribution(1, make_donor(name=name), payment_method=name)
    receipt = Receipt.issue(contribution, YEAR_END)
    assert "12.50 EUR" in copied_from(receipts.receipt(receipt))
    assert "12.50 EUR" in copied_from(receipts.statement(receipt.contribution.donor, 2026) or b"")


def test_what_no_font_has_is_replaced_and_the_rest_stays(site) -> None:
    contribution = make_contribution(1, make_donor(name="Ada བ\x07 王\u202e é\nLovelace"))
    document = receipts.receipt(Receipt.issue(contribution, YEAR_END))
    assert f"Ada {STAND_IN}{STAND_IN} 王 é Lovelace" in copied_from(document)
    assert b"pdfuaid:part" in document  # still for screen readers


def test_long_name_breaks_at_the_edge_of_the_page(site) -> None:
    contribution = make_contribution(1, make_donor(name="x" * 250))
    document = receipts.receipt(Receipt.issue(contribution, YEAR_END))
    page = pypdfium2.PdfDocument(document)[0]
    text = page.get_textpage()
    edges = [text.get_charbox(n)[2] for n in range(text.count_chars())]
    assert max(edges) < page.get_width() - 60 and copied_from(document).count("x" * 50) >= 3


def test_receipt_of_an_erased_donor_names_no_one(site) -> None:
    page = text_of(receipts.receipt(Receipt.issue(make_contribution(1), YEAR_END)))
    assert "12.50 EUR" in page and "@" not in page.replace("contact@", "")


def test_statement_adds_up_what_was_kept_per_currency(site) -> None:
    donor = make_donor()
    for n, (amount, returned, currency, status) in enumerate(
        [
            (1000, 0, "usd", "succeeded"),
            (2000, 500, "usd", "partly_refunded"),
            (3000, 3000, "usd", "disputed"),
            (1500, 0, "jpy", "succeeded"),
        ]
    ):
        contribution = make_contribution(
            n, donor, amount=amount, returned=returned, currency=currency, status=status
        )
        Receipt.issue(contribution, YEAR_END)
    Receipt.issue(make_contribution(9, donor, amount=77700), NEW_YEAR)
    document = receipts.statement(donor, 2026)
    page = text_of(document or b"")
    assert "Total: 25.00 USD" in page and "Total: 1,500 JPY" in page
    assert "777" not in page
    assert receipts.statement(donor, 2025) is None
    assert receipts.years_of(donor) == [2027, 2026]


@pytest.mark.rare
def test_statement_of_a_thousand_contributions(site) -> None:
    donor = make_donor()
    for n in range(1000):
        Receipt.issue(make_contribution(n, donor), YEAR_END)
    document = receipts.statement(donor, 2026) or b""
    assert len(PdfReader(io.BytesIO(document)).pages) > 5


def test_each_contribution_has_one_receipt_and_failed_ones_none(donor, told) -> None:
    donor.gives("one@example.org", frequency="monthly")
    donor.pays(donor.continues(frequency="once")["Location"], "one@example.org", Card.DECLINED)
    donor.advance(65)
    for _ in range(2):
        handle(told())
    assert Contribution.objects.count() == 4
    assert Receipt.objects.count() == 3
    for year in set(Receipt.objects.values_list("year", flat=True)):  # 65 days may pass a New Year
        numbers = Receipt.objects.filter(year=year).order_by("number")
        last = numbers.count()
        assert list(numbers.values_list("number", flat=True)) == list(range(1, last + 1))
    assert not Contribution.objects.filter(status="failed", receipt__isnull=False).exists()
