"""Stand-ins for the providers' APIs over real HTTP: one dialect each, as their documents have it.

Each fills in merge fields the provider's way and keeps what every reader would get. Faults come
in turns from ``server.faults``: "429", "500 before", "500 after", "reset after", "nonsense".
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Copy:
    """One mail as its reader gets it."""

    to: str
    subject: str
    html: str
    text: str
    headers: dict[str, str]
    batch: str


@dataclass
class Request:
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = tuple[int, Any]


class Refused(Exception):
    """Answered with a status and a body; nothing was taken."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.answer = (status, body)


@dataclass
class Dialect:
    """``take`` gives the copies and the answer; ``ask`` answers questions about earlier calls."""

    take: Callable[["Esp", Request], tuple[list[Copy], Any]]
    ask: Callable[["Esp", Request], Any] | None = None


@dataclass
class Esp:
    dialect: Dialect
    faults: list[str] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    calls: list[Request] = field(default_factory=list)
    keys: dict[str, bytes] = field(default_factory=dict)
    url: str = ""

    def answer(self, request: Request, method: str) -> Answer | None:
        """None: break the connection."""
        if self.dialect.ask and (method == "GET" or request.path.startswith("/v1/analytics")):
            return 200, self.dialect.ask(self, request)
        self.calls.append(request)
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "429":
            return 429, {"message": "Too many requests"}
        if fault == "500 before":
            return 500, {}
        try:
            copies, answer = self.dialect.take(self, request)
        except Refused as refused:
            return refused.answer
        self.copies += copies
        if fault == "500 after":
            return 500, {}
        if fault == "reset after":
            return None
        return (200, "<html>nonsense</html>") if fault == "nonsense" else (200, answer)


@contextmanager
def running(name: str) -> Iterator[Esp]:
    esp = Esp(DIALECTS[name])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            at = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            query = {name: values[0] for name, values in parse_qs(at.query).items()}
            answer = esp.answer(Request(at.path, query, dict(self.headers), body), self.command)
            if answer is None:
                self.close_connection = True
                return
            status, content = answer
            raw = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    esp.url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield esp
    finally:
        server.shutdown()
        server.server_close()


def filled(text: str, pattern: str, values: dict[str, str]) -> str:
    """Merge fields replaced; one without a value is gone, as at most of them."""
    return re.sub(pattern, lambda m: str(values.get(m[1], "")), text)


# --- Dialects -------------------------------------------------------------------------------


def take_mailgun(esp: Esp, request: Request) -> tuple[list[Copy], Any]:
    kind = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    fields: dict[str, list[str]] = {}
    for part in message_from_bytes(kind + request.body).get_payload():
        name = part.get_param("name", header="content-disposition")
        fields.setdefault(name, []).append(part.get_payload(decode=True).decode())
    variables = json.loads(fields["recipient-variables"][0])
    assert len(fields["to"]) <= 1000
    copies = []
    for to in fields["to"]:

        def fill(text: str, values: dict[str, str] = variables[to]) -> str:
            return filled(text, r"%recipient\.([^%]+)%", values)

        headers = {name[2:]: fill(value[0]) for name, value in fields.items() if name[:2] == "h:"}
        one = [fill(fields[name][0]) for name in ("subject", "html", "text")]
        copies.append(Copy(to, *one, headers, fields["v:batch"][0]))  # type: ignore[call-arg]
    return copies, {"id": "<m@example.org>", "message": "Queued. Thank you."}


def ask_mailgun(esp: Esp, request: Request) -> Any:
    [recipient] = [f for f in request.json["filter"]["AND"] if f["attribute"] == "recipient"]
    wanted = recipient["values"][0]["value"]
    items = [
        {"user-variables": {"batch": copy.batch}, "message": {"headers": {"message-id": "m"}}}
        for copy in esp.copies
        if copy.to == wanted
    ]
    return {"items": items}


def take_sparkpost(esp: Esp, request: Request) -> tuple[list[Copy], Any]:
    data = request.json
    content = data["content"]
    copies = []
    for recipient in data["recipients"]:
        values = data.get("substitution_data", {}) | recipient["substitution_data"]

        def fill(text: str, values: dict[str, str] = values) -> str:
            return filled(text, r"\{\{\s*(\w+)\s*\}\}", values)

        headers = {name: fill(value) for name, value in content["headers"].items()}
        one = [fill(content[name]) for name in ("subject", "html", "text")]
        copies.append(Copy(recipient["address"]["email"], *one, headers, data["metadata"]["batch"]))
    esp.keys[data["campaign_id"]] = json.dumps([copy.to for copy in copies]).encode()
    count = len(copies)
    results = {"total_accepted_recipients": count, "total_rejected_recipients": 0, "id": "t1"}
    return copies, {"results": results}


def ask_sparkpost(esp: Esp, request: Request) -> Any:
    taken = json.loads(esp.keys.get(request.query["campaigns"], b"[]"))
    return {"results": [{"rcpt_to": to, "transmission_id": "t1"} for to in taken]}


def take_postmark(esp: Esp, request: Request) -> tuple[list[Copy], Any]:
    messages = request.json
    assert request.path == "/email/batch" and len(messages) <= 500
    copies, answers = [], []
    for message in messages:
        if message["To"].startswith("refused"):
            words = f"Invalid 'To' address: '{message['To']}'."
            answers.append({"ErrorCode": 300, "Message": words})
            continue
        headers = {header["Name"]: header["Value"] for header in message["Headers"]}
        one = [message[name] for name in ("Subject", "HtmlBody", "TextBody")]
        copies.append(Copy(message["To"], *one, headers, message["Metadata"]["batch"]))
        answer = {"To": message["To"], "MessageID": "p1", "ErrorCode": 0, "Message": "OK"}
        answers.append(answer)
    return copies, answers


def ask_postmark(esp: Esp, request: Request) -> Any:
    mine = [copy for copy in esp.copies if copy.batch == request.query["metadata_batch"]]
    return {"Messages": [{"MessageID": "p1", "To": [{"Email": copy.to}]} for copy in mine]}


def take_brevo(esp: Esp, request: Request) -> tuple[list[Copy], Any]:
    data = request.json
    key = data["headers"]["idempotencyKey"]
    if key in esp.keys:
        raise Refused(400, {"code": "duplicate_parameter", "message": "duplicate"})
    esp.keys[key] = b""
    copies = []
    for version in data["messageVersions"]:

        def fill(text: str, values: dict[str, str] = version["params"]) -> str:
            return filled(text, r"\{\{\s*params\.(\w+)\s*\}\}", values)

        one = [fill(data[name]) for name in ("subject", "htmlContent", "textContent")]
        batch = json.loads(data["headers"]["X-Mailin-custom"])["batch"]
        copies.append(Copy(version["to"][0]["email"], *one, version["headers"], batch))
    return copies, {"messageIds": [f"b{number}" for number in range(len(copies))]}


def take_resend(esp: Esp, request: Request) -> tuple[list[Copy], Any]:
    key = request.headers["Idempotency-Key"]
    messages = request.json
    assert request.path == "/emails/batch" and len(messages) <= 100
    answer = {"data": [{"id": f"r{number}"} for number in range(len(messages))]}
    if key in esp.keys:
        if esp.keys[key] != request.body:
            raise Refused(409, {"name": "invalid_idempotent_request"})
        return [], answer
    esp.keys[key] = request.body
    copies = []
    for message in messages:
        one = [message[name] for name in ("subject", "html", "text")]
        batch = json.loads(message["headers"]["X-Metadata"])["batch"]
        copies.append(Copy(message["to"][0], *one, message["headers"], batch))
    return copies, answer


def take_mailjet(esp: Esp, request: Request) -> tuple[list[Copy], Any]:
    data = request.json
    common = data["Globals"]
    assert common["TemplateLanguage"] and common["DeduplicateCampaign"]
    assert len(data["Messages"]) <= 50
    had = {copy.to for copy in esp.copies}  # one campaign in each test
    copies, answers = [], []
    for message in data["Messages"]:

        def fill(text: str, values: dict[str, str] = message["Variables"]) -> str:
            return filled(text, r"\{\{\s*var:(\w+)\s*\}\}", values)

        to = message["To"][0]["Email"]
        one = [fill(common[name]) for name in ("Subject", "HTMLPart", "TextPart")]
        batch = json.loads(common["EventPayload"])["batch"]
        if to not in had:
            headers = common["Headers"] | message["Headers"]
            copies.append(Copy(to, *one, headers, batch))
        answers.append({"Status": "success", "To": [{"Email": to, "MessageID": 1}]})
    return copies, {"Messages": answers}


def take_ses(esp: Esp, request: Request) -> tuple[list[Copy], Any]:
    data = request.json
    assert request.path == "/v2/email/outbound-bulk-emails"
    content = data["DefaultContent"]["Template"]["TemplateContent"]
    copies, results = [], []
    assert len(data["BulkEmailEntries"]) <= 50
    for entry in data["BulkEmailEntries"]:
        replacement = entry["ReplacementEmailContent"]["ReplacementTemplate"]
        values = json.loads(replacement["ReplacementTemplateData"])

        def fill(text: str, values: dict[str, str] = values) -> str:
            return filled(text, r"\{\{\s*(\w+)\s*\}\}", values)

        headers = {header["Name"]: header["Value"] for header in entry["ReplacementHeaders"]}
        one = [fill(content[name]) for name in ("Subject", "Html", "Text")]
        [to] = entry["Destination"]["ToAddresses"]
        if to.startswith("refused"):
            results.append({"Status": "TRANSIENT_FAILURE", "Error": "x"})
            continue
        copies.append(Copy(to, *one, headers, json.loads(headers["X-Metadata"])["batch"]))
        results.append({"Status": "SUCCESS", "MessageId": "s1"})
    return copies, {"BulkEmailEntryResults": results}


DIALECTS = {
    "mailgun": Dialect(take_mailgun, ask_mailgun),
    "sparkpost": Dialect(take_sparkpost, ask_sparkpost),
    "postmark": Dialect(take_postmark, ask_postmark),
    "brevo": Dialect(take_brevo),
    "resend": Dialect(take_resend),
    "mailjet": Dialect(take_mailjet),
    "ses": Dialect(take_ses),
}
