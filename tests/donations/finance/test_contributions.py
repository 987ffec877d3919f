"""What finance sees, and nobody else."""

import csv
import io
import re

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from donations.finance import contributions as finding
from donations.models import BalanceTransaction, Contribution
from tests.answers import led_to
from tests.factories import make_article, make_user

URL = "/admin/contributions/"


@pytest.fixture
def contributions(donor) -> list[Contribution]:
    donor.gives("a@example.org", frequency="once", own_amount="12.50")
    donor.gives("b@example.org", frequency="monthly", amount="10")
    donor.gives("c@example.org", frequency="annual", amount="1000", currency="jpy")
    return list(Contribution.objects.order_by("created_at", "pk"))


@pytest.fixture
def finance(client, contributions):
    client.force_login(make_user("Finance"))
    return client


def test_finance_sees_the_contributions_with_totals_per_currency(finance) -> None:
    page = finance.get(URL).text
    for wanted in ("$12.50", "$10", "¥1,000", "$22.50", "Ann Donor"):
        assert wanted in page


@pytest.mark.parametrize(
    ("query", "amounts"),
    [
        ("status=succeeded", 3), ("status=failed", 0), ("frequency=once", 1), ("currency=jpy", 1),
        ("received_at_from=2020-01-01&received_at_to=2099-01-01", 3),
        ("received_at_to=2020-01-01", 0), ("appeal=999999", 3), ("frequency=nonsense", 3),
        ("amount=12,50", 1), ("amount=11&currency=usd&most=20", 1), ("amount=nothing", 0),
        ("method=card", 3), ("country=US", 3), ("donor=999999", 0), ("payout=none", 0),
        ("payout=po_1", 0), ("fee=covered", 0), ("fee=dear", 0), ("below=x", 3),
    ],
)  # fmt: skip
def test_filters(finance, query: str, amounts: int) -> None:
    answer = finance.get(f"{URL}?{query}")
    assert answer.status_code == 200
    assert len(answer.context["object_list"]) == amounts
    assert len(set(re.findall(r"/inspect/\d+/", answer.text))) == amounts


def test_page_of_a_contribution_has_history_and_stripe_links(
    finance, contributions, settings
) -> None:
    for contribution in contributions:
        page = finance.get(f"{URL}inspect/{contribution.pk}/").text
        assert contribution.donor.email in page
        assert f"{settings.STRIPE_DASHBOARD}/payments/{contribution.stripe_payment_intent}" in page
        assert "What happened" in page and "Succeeded" in page


def test_export_as_csv_and_xlsx(finance) -> None:
    answer = finance.get(f"{URL}?export=csv")
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert sorted((row["Amount"], row["Currency"]) for row in rows) == [
        ("10.00", "usd"), ("1000", "jpy"), ("12.50", "usd"),
    ]  # fmt: skip
    answer = finance.get(f"{URL}?export=xlsx&currency=jpy")
    sheet = load_workbook(io.BytesIO(answer.getvalue())).active
    assert [row[6].value for row in sheet.rows] == ["Amount", 1000]


def test_export_runs_nothing_that_a_donor_calls_themselves(finance, contributions) -> None:
    donor = contributions[0].donor
    donor.name = '=HYPERLINK("https://x.example","Ann")'
    donor.save()
    rows = list(csv.DictReader(io.StringIO(finance.get(f"{URL}?export=csv").getvalue().decode())))
    assert f"'{donor.name}" in [row["Donor"] for row in rows]
    sheet = load_workbook(io.BytesIO(finance.get(f"{URL}?export=xlsx").getvalue())).active
    [cell] = [cell for row in sheet.rows for cell in row if cell.value == donor.name]
    assert cell.data_type == "s"


def test_export_has_local_times_and_amounts_of_any_currency(finance, contributions) -> None:
    Contribution.objects.filter(pk=contributions[0].pk).update(
        created_at="2026-06-30T22:30:00Z", currency="chf", amount=1250, status="failed"
    )
    Contribution.objects.filter(pk=contributions[1].pk).update(currency="kwd", amount=1250)
    answer = finance.get(f"{URL}?export=csv").getvalue().decode("utf-8-sig")
    rows = {row["Currency"]: row for row in csv.DictReader(io.StringIO(answer))}
    assert rows["chf"]["Date"] == "2026-07-01 00:30:00+02:00"
    assert [rows[code]["Amount"] for code in ("chf", "kwd", "jpy")] == ["12.50", "1.250", "1000"]
    sheet = load_workbook(io.BytesIO(finance.get(f"{URL}?export=xlsx").getvalue())).active
    found = {row[5].value: row for row in sheet.rows}
    assert found["chf"][1].value.hour == 0 and found["chf"][1].number_format.endswith('"+02:00"')
    assert found["kwd"][6].value == 1.25 and found["kwd"][6].number_format == "0.000"


def test_export_costs_no_query_per_contribution(
    finance, contributions, django_assert_max_num_queries
) -> None:
    many = [
        Contribution(
            donor=contributions[0].donor, frequency="once", amount=number, currency="usd",
            status="succeeded", stripe_payment_intent=f"pi_{number}", created_at=timezone.now(),
        )
        for number in range(100, 140)
    ]  # fmt: skip
    Contribution.objects.bulk_create(many)
    with django_assert_max_num_queries(16):
        assert finance.get(f"{URL}?export=csv").getvalue().count(b"\r\n") == 44


def test_list_costs_no_query_per_contribution(finance, django_assert_max_num_queries) -> None:
    finance.get(URL)
    with django_assert_max_num_queries(28):
        finance.get(URL)


def test_nobody_writes_contributions_by_hand(client, contributions) -> None:
    client.force_login(make_user(None))
    pk = contributions[0].pk
    assert client.get(URL).status_code == 200
    for path in ("new/", f"edit/{pk}/", f"delete/{pk}/"):
        assert led_to(client.get(URL + path)) == "/admin/"
        client.post(URL + path, {"amount": "1"})
    contributions[0].refresh_from_db()
    assert contributions[0].amount == 1250


def test_finance_sees_nothing_editorial(finance, site) -> None:
    home = finance.get("/admin/").text
    assert "Contributions" in home and "Appeals" in home
    assert "Newsletters" not in home and '"Pages"' not in home
    for path in (f"/admin/pages/{site.section.pk}/edit/", "/admin/newsletters/", "/admin/images/"):
        assert led_to(finance.get(path)) == "/admin/"


@pytest.mark.usefixtures("indexed")
def test_finance_finds_no_draft_in_the_page_chooser(client, site) -> None:
    make_article(site.section, title="Secret plan", live=False)
    search = "/admin/choose-page/search/?q=Secret"
    client.force_login(make_user("Finance"))
    assert "Secret plan" not in client.get(search).text
    client.force_login(make_user("Editors"))
    assert "Secret plan" in client.get(search).text


def test_editor_sees_no_donor(client, contributions) -> None:
    client.force_login(make_user("Editors"))
    assert "Contributions" not in client.get("/admin/").text
    for path in (
        URL,
        f"{URL}inspect/{contributions[0].pk}/",
        f"{URL}?export=csv",
        "/admin/appeals/",
    ):
        answer = client.get(path)
        assert led_to(answer) == "/admin/"
        assert "example.org" not in answer.text


def test_stranger_sees_the_login(client, contributions) -> None:
    assert "/admin/login/" in client.get(URL)["Location"]


def test_dear_ones_are_found_whether_they_are_few_or_many(site, monkeypatch) -> None:
    now = timezone.now()
    for pk, fee in (("ch_1", 101), ("ch_2", 100), ("ch_3", 400)):
        Contribution.objects.create(
            frequency="once", amount=1000, currency="usd", status="succeeded", created_at=now,
            stripe_payment_intent=f"pi_{pk}", stripe_charge=pk,
        )  # fmt: skip
        BalanceTransaction.objects.create(
            id=f"txn_{pk}", kind="charge", category="charge", amount=1000, fee=fee, net=1000 - fee,
            currency="usd", created_at=now, available_on=now.date(), source=pk, charge=pk,
        )  # fmt: skip
    for few in (10_000, 0):
        monkeypatch.setattr(finding, "FEW", few)
        found = finding.dear(Contribution.objects.all())
        assert set(found.values_list("stripe_charge", flat=True)) == {"ch_1", "ch_3"}
