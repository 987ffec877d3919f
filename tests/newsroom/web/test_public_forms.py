import pytest

from newsroom.web.public_forms import form_stamp, network_of, too_often

URL = "/newsletter/weekly/signup/"
FORM = {"email": "reader@example.org", "consent": "on"}

pytestmark = pytest.mark.usefixtures("site")


def test_form_from_another_site_is_refused(client) -> None:
    form = {**FORM, "stamp": form_stamp()}
    answer = client.post(URL, form, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_browser_says_it_comes_from_elsewhere(client) -> None:
    form = {**FORM, "stamp": form_stamp()}  # anyone can copy one from our page
    answer = client.post(URL, form, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_browser_without_stamp_is_asked_to_send_again(client) -> None:
    answer = client.post(URL, FORM, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 403
    assert "reader@example.org" in answer.text  # what was typed is kept


def test_forged_stamp_is_refused(client) -> None:
    assert client.post(URL, {**FORM, "stamp": "form:1:x"}).status_code == 403


def test_own_form_is_accepted(client) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}
    answer = client.post(URL, {**FORM, "stamp": form_stamp()}, headers=headers)
    assert answer.status_code == 302


def test_body_of_ten_megabytes_gets_413(client) -> None:
    answer = client.post(URL, {"email": "a" * 10_000_000})
    assert answer.status_code == 413
    assert "Too large" in answer.text


def test_network_that_tries_too_often_is_stopped(rf) -> None:
    request = rf.post("/", REMOTE_ADDR="192.0.2.7")
    neighbour = rf.post("/", REMOTE_ADDR="192.0.2.9")
    elsewhere = rf.post("/", REMOTE_ADDR="198.51.100.1")
    tries = [too_often(request, "x", most=2, seconds=600) for _ in range(2)]
    assert tries == [False, False]
    assert too_often(neighbour, "x", most=2, seconds=600)
    assert not too_often(elsewhere, "x", most=2, seconds=600)


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.77", "192.0.2.0/24"), ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"), ("", "unknown")],
)
def test_network_of_an_address(rf, address: str, network: str) -> None:
    assert network_of(rf.get("/", REMOTE_ADDR=address)) == network


def test_forwarded_address_counts_only_from_our_own_proxies(rf, settings) -> None:
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "6.6.6.6, 192.0.2.7"})
    assert network_of(request) == "10.0.0.0/24"
    settings.TRUSTED_PROXIES = 1
    assert network_of(request) == "192.0.2.0/24"


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("/newsletter/weekly/signup/", {"email": "a@example.org", "consent": "on"}),
        ("/support/remind-me/", {"when": "week", "email": "a@example.org"}),
        ("/support/manage/", {"email": "a@example.org"}),
        ("/support/checkout/", {"frequency": "once", "amount": "10"}),
    ],
)
@pytest.mark.parametrize("stamp", [{"stamp": "x"}, {"stamp": ""}, {}])
def test_page_too_old_is_said_on_every_form(client, site, url, form, stamp) -> None:
    browser = {"Sec-Fetch-Site": "same-origin"}
    answer = client.post(url, form | stamp, headers=browser)
    assert answer.status_code == 403 and "open for too long" in answer.text
