"""A local mail provider that speaks Mailgun's API: send, logs, signed webhooks; and an inbox.

A Django project of its own in one module, which knows nothing of the newsroom. Configured by the
environment: SANDBOX_FILE (its SQLite file), WEBHOOK_URL and WEBHOOK_KEY (where it tells of
bounces and complaints, and the key it signs them with).

Mail to an address that begins with “bounce” bounces, with “complain” is complained about.
Faults on request: POST /faults with ``mode`` and ``times``.
"""

import base64
import hashlib
import hmac
import json
import logging
import os
import re
import secrets
import threading
import time
from datetime import UTC
from email.utils import formatdate, getaddresses, parsedate_to_datetime
from pathlib import Path
from typing import Any

import requests
from django.conf import settings

if not settings.configured:
    settings.configure(
        SECRET_KEY="sandbox",  # signs nothing: there are no sessions
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="subscriptions.sandbox.app",
        USE_TZ=True,
        TIME_ZONE="UTC",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [Path(__file__).parent / "templates"],
            }
        ],
        DATA_UPLOAD_MAX_MEMORY_SIZE=25_000_000,  # Mailgun: messages of up to 25 MB
        DATA_UPLOAD_MAX_NUMBER_FIELDS=None,  # one “to” for each of 1,000 recipients
        LOGGING_CONFIG=None,
    )

import django
from django.core.wsgi import get_wsgi_application
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from .store import Store

log = logging.getLogger("mail-sandbox")
store = Store(Path(os.environ.get("SANDBOX_FILE", "mail-sandbox.sqlite3")))
WEBHOOK_URL = os.environ.get("WEBHOOK_URL", "")
WEBHOOK_KEY = os.environ.get("WEBHOOK_KEY", "sandbox")

MOST_RECIPIENTS = 1000  # "Batch sending"
LONGEST_TAG, MOST_TAGS = 128, 10  # "Tagging"
ADDRESS = re.compile(r"^[^@\s<>,;]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")
# What the send call takes besides the prefixes o: h: v: t: ("Messages", send parameters).
FIELDS = {"from", "to", "cc", "bcc", "subject", "text", "html", "amp-html", "template"}
FIELDS |= {"recipient-variables", "attachment", "inline"}
RETRIES = [1, 10, 60, 600, 3600]
HANG_SECONDS = 600


def refused(message: str, status: int = 400) -> HttpResponse:
    return JsonResponse({"message": message}, status=status)


def authorised(request: HttpRequest) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    try:
        user, _, key = base64.b64decode(given).decode().partition(":")
    except ValueError:
        return False
    return scheme == "Basic" and user == "api" and key.startswith("key-")


@require_POST
def messages(request: HttpRequest, domain: str) -> HttpResponse:
    """``POST /v3/<domain>/messages``: checked whole, accepted whole or not at all."""
    if not authorised(request):
        return HttpResponse("Forbidden", status=401)
    fault = store.next_fault()
    if fault == "429":
        return refused("Too many requests", 429)
    if fault == "500 before":
        return refused("Internal Server Error", 500)
    if fault == "slow":
        time.sleep(1)
    data = request.POST
    for name in data:
        if name not in FIELDS and not name.startswith(("o:", "h:", "v:", "t:")):
            return refused(f"unknown parameter: {name}")
    to = [address for _, address in getaddresses(data.getlist("to"))]
    if not data.get("from") or not ADDRESS.match(getaddresses([data["from"]])[0][1]):
        return refused("'from' parameter is not a valid address. please check documentation")
    if not to or not all(ADDRESS.match(address) for address in to):
        return refused("'to' parameter is not a valid address. please check documentation")
    if len(to) > MOST_RECIPIENTS:
        return refused(f"'to' parameter has more than {MOST_RECIPIENTS} recipients")
    if not any(data.get(part) for part in ("text", "html", "template")):
        return refused("Need at least one of 'text' or 'html' parameters specified")
    tags = data.getlist("o:tag")
    if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in tags):
        return refused("too many or too long tags")
    try:
        variables = json.loads(data.get("recipient-variables") or "{}")
        known = {address.lower() for address in to}
        if not all(key.lower() in known and isinstance(variables[key], dict) for key in variables):
            raise ValueError
    except (ValueError, TypeError, AttributeError):
        return refused("'recipient-variables' parameter is not valid JSON")
    message_id = f"<{formatdate(usegmt=True).replace(' ', '')}.{secrets.token_hex(8)}@{domain}>"
    fields = {name: data.getlist(name) for name in data if name != "recipient-variables"}
    store.accept(domain, message_id, to, fields, variables)
    for address in to:
        tell_of(address, message_id, fields)
    if fault == "accept then hang":
        time.sleep(HANG_SECONDS)
    if fault == "500 after":
        return refused("Internal Server Error", 500)
    if fault == "nonsense":
        return HttpResponse("<html>Mailgun Magnificent API</html>")
    return JsonResponse({"id": message_id, "message": "Queued. Thank you."})


messages.csrf_exempt = True  # type: ignore[attr-defined]


@require_POST
def logs(request: HttpRequest) -> HttpResponse:
    """``POST /v1/analytics/logs``: what was accepted for one recipient ("List logs")."""
    if not authorised(request):
        return HttpResponse("Forbidden", status=401)
    try:
        query = json.loads(request.body)
        since, until = seconds_of(query["start"]), seconds_of(query["end"])
        wanted = {
            condition["attribute"]: [value["value"] for value in condition["values"]]
            for condition in query["filter"]["AND"]
            if condition["comparator"] == "="
        }
        [recipient] = wanted["recipient"]
    except (ValueError, KeyError, TypeError):
        return refused("invalid request body")
    if query.get("events") != ["accepted"]:
        return refused("the sandbox tells of accepted events only")
    items = [
        {
            "event": "accepted",
            "@timestamp": formatdate(row["at"], usegmt=True),
            "recipient": recipient,
            "tags": row["fields"].get("o:tag", []),
            "user-variables": user_variables(row["fields"]),
            "message": {"headers": {"message-id": row["message_id"].strip("<>")}},
        }
        for row in store.accepted(recipient, since, until)
        if set(wanted.get("tag", [])) <= set(row["fields"].get("o:tag", []))
    ]
    return JsonResponse({"items": items, "pagination": {}})


logs.csrf_exempt = True  # type: ignore[attr-defined]


@require_POST
def metrics(request: HttpRequest) -> HttpResponse:
    """``POST /v1/analytics/metrics``: how many mails with one tag ("Query account metrics")."""
    if not authorised(request):
        return HttpResponse("Forbidden", status=401)
    try:
        query = json.loads(request.body)
        since, until = seconds_of(query["start"]), seconds_of(query["end"])
        [condition] = query["filter"]["AND"]
        [tag] = [value["value"] for value in condition["values"]]
    except (ValueError, KeyError, TypeError):
        return refused("invalid request body")
    if (condition["attribute"], query.get("metrics")) != ("tag", ["accepted_count"]):
        return refused("the sandbox counts accepted mails by tag only")
    count = store.tagged(tag, since, until)
    items = [{"dimensions": [], "metrics": {"accepted_count": count}}] if count else []
    return JsonResponse({"items": items, "pagination": {}})


metrics.csrf_exempt = True  # type: ignore[attr-defined]


def seconds_of(date: str) -> float:
    """“-0000” is UTC too (RFC 5322, 3.3), but Python makes a naive time of it."""
    moment = parsedate_to_datetime(date)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def user_variables(fields: dict[str, list[str]]) -> dict[str, str]:
    return {name[2:]: value[0] for name, value in fields.items() if name.startswith("v:")}


# --- Webhooks -------------------------------------------------------------------------------


def tell_of(address: str, message_id: str, fields: dict[str, list[str]], event: str = "") -> None:
    """Queue the webhook that this address is made for, or ``event``."""
    local = address.partition("@")[0]
    event = event or next((kind for kind in ("bounce", "complain") if local.startswith(kind)), "")
    if not event:
        return
    about: dict[str, Any] = {
        "id": secrets.token_hex(12),
        "timestamp": time.time(),
        "recipient": address,
        "tags": fields.get("o:tag", []),
        "user-variables": user_variables(fields),
        "message": {"headers": {"message-id": message_id.strip("<>")}},
    }
    if event == "bounce":
        status = {"code": 550, "message": "5.1.1 No such user", "description": ""}
        about |= {"event": "failed", "severity": "permanent", "reason": "bounce"}
        about |= {"delivery-status": status}
    else:
        about |= {"event": "complained"}
    store.tell(about)


def deliver_for_ever() -> None:
    session = requests.Session()
    while True:
        due = store.due_events()
        for row in due:
            timestamp, token = str(int(time.time())), secrets.token_hex(25)
            signed = hmac.new(WEBHOOK_KEY.encode(), f"{timestamp}{token}".encode(), hashlib.sha256)
            signature = {"timestamp": timestamp, "token": token, "signature": signed.hexdigest()}
            body = {"signature": signature, "event-data": json.loads(row["payload"])}
            try:
                answer = session.post(WEBHOOK_URL, json=body, timeout=10)
                said, taken = str(answer.status_code), answer.ok
            except requests.RequestException as failure:
                said, taken = type(failure).__name__, False
            again = not taken and row["tries"] < len(RETRIES)
            store.told(row["id"], said, time.time() + RETRIES[row["tries"]] if again else None)
        if not due:
            time.sleep(0.2)


if WEBHOOK_URL:
    threading.Thread(target=deliver_for_ever, daemon=True).start()


# --- The inbox ------------------------------------------------------------------------------


def personal(text: str, variables: dict[str, Any]) -> str:
    """Recipient variables filled in; one that is not there stays as it is, as at Mailgun."""
    return re.sub(
        r"%recipient\.([^%]+)%", lambda m: str(variables.get(m[1], m[0])), text, flags=re.IGNORECASE
    )


def received(mail: dict[str, Any]) -> dict[str, Any]:
    """A mail as its recipient gets it: subject, parts and headers, personal fields filled in."""
    fields, variables = mail["fields"], mail["variables"]

    def first(name: str) -> str:
        return personal((fields.get(name) or [""])[0], variables)

    headers = {"From": first("from"), "To": mail["email"], "Subject": first("subject")}
    headers |= {name[2:]: first(name) for name in fields if name.startswith("h:")}
    return {
        "id": mail["id"],
        "at": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(mail["at"])),
        "to": mail["email"],
        "subject": headers["Subject"],
        "html": first("html"),
        "text": first("text"),
        "headers": headers,
        "tags": fields.get("o:tag", []),
    }


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    search = request.GET.get("to", "")
    mails = [received(mail) for mail in store.mails(search)]
    if request.GET.get("format") == "json":
        return JsonResponse({"mails": mails, "count": store.count()})
    context = {"mails": mails, "search": search, "count": store.count()}
    return render(request, "inbox.html", context)


def the_mail(pk: int) -> dict[str, Any]:
    mail = store.mail(pk)
    if mail is None:
        raise Http404
    return mail


@require_safe
def message(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "message.html", {"mail": received(the_mail(pk))})


@require_safe
def message_html(request: HttpRequest, pk: int) -> HttpResponse:
    response = HttpResponse(received(the_mail(pk))["html"])
    # As a careful mail program: no scripts; links open outside the frame.
    response["Content-Security-Policy"] = "sandbox allow-popups allow-top-navigation"
    return response


@require_POST
def report(request: HttpRequest, pk: int) -> HttpResponse:
    mail = the_mail(pk)
    event = request.POST.get("event", "")
    if event in ("bounce", "complain"):
        tell_of(mail["email"], mail["message_id"], mail["fields"], event)
    return redirect(f"/mails/{pk}")


@require_POST
def faults(request: HttpRequest) -> HttpResponse:
    store.set_fault(request.POST.get("mode", ""), int(request.POST.get("times") or 1))
    return redirect("/")


urlpatterns = [
    path("v3/<str:domain>/messages", messages),
    path("v1/analytics/logs", logs),
    path("v1/analytics/metrics", metrics),
    path("", inbox),
    path("mails/<int:pk>", message),
    path("mails/<int:pk>/html", message_html),
    path("mails/<int:pk>/report", report),
    path("faults", faults),
]

django.setup()
application = get_wsgi_application()
