"""What is given in a currency that we don't offer, such as an imported one, is shown and changed
as well as any other."""

import csv
import io
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from donations.giving.emails import payment_failed, thanks
from donations.giving.receipts import receipt, statement
from donations.models import Checkout, Contribution, Receipt, RecurringContribution
from donations.payments import gateway, products
from newsroom.core.languages import speaking
from newsroom.mail.catalogue import mails
from newsroom.mail.compose import compose
from tests.donations.conftest import give_back, handle, page_of
from tests.donations.giving.test_receipts import text_of
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.costly]
# Currency -> how ten thousand of its smallest unit are shown, and stand in a spreadsheet.
SHOWN = {
    "sek": ("SEK\u00a0100", "100.00"),
    "huf": ("HUF\u00a0100", "100.00"),
    "krw": ("KRW\u00a010,000", "10000"),
    "tnd": ("TND\u00a010", "10.000"),
    "isk": ("ISK\u00a0100", "100.00"),
    "zzz": ("10000 ZZZ (smallest unit)", "10000 ZZZ (smallest unit)"),
}
CODES = pytest.mark.parametrize("code", SHOWN)
KNOWN = pytest.mark.parametrize("code", [code for code in SHOWN if code != "zzz"])


@pytest.fixture
def promise(donor: Any, told: Any, code: str) -> RecurringContribution:
    """Ten thousand a month, of the currency's smallest unit, begun elsewhere."""
    key = uuid.uuid4()
    Checkout.objects.create(
        key=key, form_id=key, frequency="monthly", amount=10_000, currency=code,
        expires_at=timezone.now(),
    )  # fmt: skip
    products.put_all()
    session = gateway.create_session(
        key=str(key), frequency="monthly", amount=10_000, currency=code,
        success_url=f"{settings.BASE_URL}/", cancel_url=f"{settings.BASE_URL}/",
        metadata={"checkout": str(key)}, language="en",
        expires_at=timezone.now() + timezone.timedelta(hours=1),
    )  # fmt: skip
    donor.pays(session.url, "abroad@example.org")
    handle(told())
    return RecurringContribution.objects.get()


@pytest.fixture
def own_page(promise: RecurringContribution, client: Any) -> Any:
    return page_of(client, promise)


@CODES
def test_donors_page_shows_it_and_lets_them_end_it(own_page, promise, code: str) -> None:
    page = own_page()
    assert page.status_code == 200 and SHOWN[code][0] in page.text
    assert ("Give another amount" in page.text) == (code != "zzz")
    assert own_page("pause", months="1").status_code == 200
    assert own_page("cancel", later="91").status_code == 200
    assert promise.cancels_at


@KNOWN
def test_amount_and_frequency_are_changed_in_it(own_page, promise, code: str) -> None:
    assert own_page("amount", amount=f"50 {code.upper()}").status_code == 200
    whole = {"krw": 1, "tnd": 1000}.get(code, 100)
    assert promise.amount == 50 * whole
    assert own_page("amount", amount="$50").status_code == 400
    assert own_page("frequency", frequency="annual", amount="600").status_code == 200
    assert (promise.frequency, promise.amount) == ("annual", 600 * whole)


@pytest.mark.parametrize("code", ["zzz"])
def test_amount_in_a_currency_nobody_knows_yet_is_not_read(own_page, promise, code) -> None:
    answer = own_page("amount", amount="50")
    assert answer.status_code == 400 and "Please write to us" in answer.text
    assert promise.amount == 10_000


@CODES
def test_finance_sees_filters_exports_and_gives_it_back(promise, client, code: str) -> None:
    client.force_login(make_user("Finance"))
    contribution = Contribution.objects.get()
    listed = client.get("/admin/contributions/", {"currency": code}).text
    assert SHOWN[code][0].replace("\u00a0", " ") in listed.replace("\u00a0", " ")
    assert f'value="{code}"' in listed
    sheet = client.get("/admin/contributions/", {"export": "csv"})
    [row] = csv.DictReader(io.StringIO(b"".join(sheet).decode("utf-8-sig")))
    assert row["Amount"] == SHOWN[code][1]
    if code == "zzz":
        path = f"/admin/contributions/refund/{contribution.pk}/"
        assert "can be given back here" in client.get(path, follow=True).text
    else:
        done = give_back(client, contribution, "5")
        assert f"{code.upper()}\u00a05 given back" in done.text
        contribution.refresh_from_db()
        assert contribution.returned == {"krw": 5, "tnd": 5000}.get(code, 500)


@CODES
def test_mails_and_receipts_name_it(promise, code: str) -> None:
    RecurringContribution.objects.update(status="past_due")
    letters = {
        "thanks": thanks(Contribution.objects.get().pk),
        "payment_failed": payment_failed(promise.pk),
    }
    for name, letter in letters.items():
        assert SHOWN[code][0] in compose(mails()[name][0], letter).body
    found = Receipt.objects.get()
    for document in (receipt(found), statement(promise.donor, found.year)):
        assert code.upper() in text_of(document)


@pytest.mark.parametrize("code", ["sek"])
def test_amount_of_another_currency_is_not_proposed_in_ours(promise, client, code: str) -> None:
    page = client.get("/support/?currency=sek&amount=777&frequency=monthly").text
    assert 'value="777"' not in page
    assert 'value="777"' in client.get("/support/?currency=usd&amount=777&frequency=monthly").text


@pytest.mark.parametrize("code", ["sek"])
def test_mail_speaks_of_the_amount_in_the_donors_language(promise, code: str) -> None:
    promise.donor.language = "de"
    promise.donor.save()
    Contribution.objects.update(amount=1_234_50)
    with speaking("en"):
        letter = thanks(Contribution.objects.get().pk)
    assert "1.234,50\u00a0SEK" in compose(mails()["thanks"][0], letter).body
