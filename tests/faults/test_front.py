"""What clients can do to the web process: be slow, send too much, stay forever."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
import requests

from tests.faults.slow_clients import slow_clients
from tests.product import Product

PAGES = ["/", "/support/", "/newsletter/weekly/signup/", "/admin/login/", "/healthz"]
SOON = 15  # seconds; `make bench NAME=slow` has figures. Without the front nothing ever answers


@pytest.mark.rare
def test_pages_answer_while_three_hundred_slow_clients_hold_on(product: Product) -> None:
    (product.var / "media" / "images").mkdir(parents=True, exist_ok=True)
    (product.var / "media" / "images" / "large.jpg").write_bytes(b"x" * 5_000_000)
    with slow_clients(product.web, 300, path="/media/images/large.jpg"):
        for page in PAGES * 3:
            assert requests.get(product.web + page, timeout=SOON).ok, page
        form = {"email": "patient@example.org", "consent": "on"}
        url = f"{product.web}/newsletter/weekly/signup/"
        assert requests.post(url, data=form, timeout=SOON).ok


def test_pages_answer_while_stripe_does_not(product: Product) -> None:
    form = {"frequency": "once", "amount": "10", "currency": "usd"}

    def give(number: int) -> None:
        requests.post(f"{product.web}/support/checkout/", data=form, timeout=120)

    stripe = product.find("donations.sandbox")
    for process in stripe:
        process.suspend()
    try:
        with ThreadPoolExecutor(12) as pool:
            waiting = [pool.submit(give, number) for number in range(12)]
            time.sleep(1)
            for page in PAGES:
                assert requests.get(product.web + page, timeout=SOON).ok, page
            assert not any(one.done() for one in waiting)
            for process in stripe:
                process.resume()
    finally:
        for process in stripe:
            process.resume()


def test_body_that_comes_in_pieces_is_read_and_one_without_end_is_not(product: Product) -> None:
    url = f"{product.web}/newsletter/weekly/signup/"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    pieces = (piece for piece in (b"email=pieces@", b"example.org", b"&consent=on"))
    answer = requests.post(url, data=pieces, headers=kind, timeout=SOON)
    assert "check-your-inbox" in answer.url
    endless = (b"x" * 10_000 for _ in range(100))
    with suppress(requests.ConnectionError):  # closed while we were still sending: refused as well
        assert requests.post(url, data=endless, headers=kind, timeout=SOON).status_code == 413


@pytest.mark.parametrize("cookie", ["", "sessionid=made-up", "sessionid="])
def test_strangers_upload_nothing_to_the_admin(product: Product, cookie: str) -> None:
    for path in ("/admin/login/", "/admin/images/add/", "/admin/"):
        answer = requests.post(
            product.web + path, data=b"x" * 1_000_000, headers={"Cookie": cookie}, timeout=SOON
        )
        assert answer.status_code == 413, path


def test_staff_upload_up_to_twenty_megabytes(product: Product) -> None:
    staff = requests.Session()
    login = f"{product.web}/admin/login/"
    staff.get(login, timeout=SOON)
    form = {"username": "editor", "password": "editor", "next": "/admin/"}
    form["csrfmiddlewaretoken"] = staff.cookies["csrftoken"]
    assert staff.post(login, data=form, timeout=SOON).ok
    url = f"{product.web}/admin/images/add/"
    token = {"csrfmiddlewaretoken": staff.cookies["csrftoken"], "title": "Large"}
    for size, status in ((12_000_000, 200), (21_000_000, 413)):
        file = {"file": ("large.jpg", b"x" * size, "image/jpeg")}
        answer = staff.post(url, data=token, files=file, timeout=60)
        assert answer.status_code == status


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        b"GET /\xff\xfe%ff%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /?q=\xff%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Bytes: \xe9\xff\r\nCookie: \xff=\xff\r\n\r\n",
        b"POST /newsletter/weekly/signup/ HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /support/manage/ HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nab",
        b"POST /support/manage/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ],
)
def test_bytes_that_are_no_decent_request_are_no_error_of_ours(product: Product, raw) -> None:
    place = urlsplit(product.web)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=SOON) as client:
        client.sendall(raw)
        client.shutdown(socket.SHUT_WR)
        answer = client.recv(4096)
    assert not answer.startswith(b"HTTP/1.1 5"), answer[:200]
    assert requests.get(f"{product.web}/healthz", timeout=SOON).ok
