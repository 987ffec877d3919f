"""The mail sandbox refuses what Mailgun would refuse."""

import json
import time
from email.utils import formatdate

import pytest
import requests

AUTH = ("api", "key-sandbox")
MAIL = {"from": "a@example.org", "to": "b@example.org", "subject": "Hi", "text": "Hello"}


@pytest.fixture
def send(mail_sandbox: str):
    def post(auth: object = AUTH, **fields: object) -> requests.Response:
        url = f"{mail_sandbox}/v3/mail.example.org/messages"
        data = {name: value for name, value in (MAIL | fields).items() if value is not None}
        return requests.post(url, data=data, auth=auth, timeout=10)

    return post


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"to": "nonsense"}, "'to' parameter is not a valid address"),
        ({"to": ["b@example.org", "no one"]}, "'to' parameter"),
        ({"to": None}, "'to' parameter"),
        ({"from": "x"}, "'from' parameter"),
        ({"text": None}, "Need at least one of"),
        ({"colour": "red"}, "unknown parameter"),
        ({"recipient-variables": "{"}, "recipient-variables"),
        ({"recipient-variables": '{"c@example.org": {}}'}, "recipient-variables"),
        ({"to": [f"r{n}@example.org" for n in range(1001)]}, "more than 1000"),
    ],
)
def test_refused(send, fields, message: str) -> None:
    answer = send(**fields)
    assert answer.status_code == 400
    assert message in answer.json()["message"]


def test_wrong_key_is_refused(send) -> None:
    assert send(auth=("api", "wrong")).status_code == 401
    assert send(auth=None).status_code == 401


def test_personal_fields_are_filled_in_and_unknown_ones_stay(send, inbox) -> None:
    variables = {"v@example.org": {"name": "Vera"}}
    send(**{
        "to": "v@example.org", "text": "Dear %recipient.name%, %recipient.x%",
        "h:X-Note": "for %recipient.name%", "recipient-variables": json.dumps(variables),
    })  # fmt: skip
    [mail] = inbox.to("v@example.org")
    assert mail["text"] == "Dear Vera, %recipient.x%"
    assert mail["headers"]["X-Note"] == "for Vera"


def test_logs_tell_of_the_recipient(send, mail_sandbox) -> None:
    send(**{"to": "e@example.org", "v:batch": "b1"})

    def accepted_for(address: str) -> list[dict]:
        recipient = {"attribute": "recipient", "comparator": "=", "values": [{"value": address}]}
        query = {
            "start": formatdate(time.time() - 600), "end": formatdate(time.time() + 600),
            "events": ["accepted"], "filter": {"AND": [recipient]},
        }  # fmt: skip
        url = f"{mail_sandbox}/v1/analytics/logs"
        return requests.post(url, json=query, auth=AUTH, timeout=10).json()["items"]

    [event] = accepted_for("e@example.org")
    assert event["user-variables"] == {"batch": "b1"}
    assert accepted_for("nobody@example.org") == []
    answer = requests.post(f"{mail_sandbox}/v1/analytics/logs", data="x", auth=AUTH, timeout=10)
    assert answer.status_code == 400


def test_inbox_page_shows_the_message(send, inbox, mail_sandbox) -> None:
    send(to="page@example.org", html="<p>Hello</p>")
    [mail] = inbox.to("page@example.org")
    assert "Hi" in requests.get(mail_sandbox, timeout=10).text
    page = requests.get(f"{mail_sandbox}/mails/{mail['id']}", timeout=10)
    assert "page@example.org" in page.text
    html = requests.get(f"{mail_sandbox}/mails/{mail['id']}/html", timeout=10)
    assert html.text == "<p>Hello</p>"
    assert "sandbox" in html.headers["Content-Security-Policy"]
