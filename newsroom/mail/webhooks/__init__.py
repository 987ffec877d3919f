"""``/webhooks/anymail/<provider>/tracking/``: what the mail provider in use tells us, and no other.

Whoever could speak here in a provider's name could silence any reader. So one hook is open, that
of ``MAIL_PROVIDER``; it takes nothing before its secret is set; and what can't be read is answered
with 400, not with an error of ours.
"""

import hashlib
import hmac
import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt
from wagtail import hooks

from newsroom.core.environment.redis_url import store
from newsroom.mail import providers
from newsroom.web.http import UNREADABLE

log = logging.getLogger(__name__)

MAILGUN_REPEATS_FOR = 24 * 3600  # seconds; Mailgun gives up after 8 hours ("Webhooks")


class Understood(HttpResponse):
    """The answer, for when these events are stored; not before."""

    def __init__(self, events: Sequence[Any], use: "Use | None") -> None:
        super().__init__()
        self.events, self.use = events, use


@dataclass(frozen=True)
class Use:
    """Of a signature that proves one body."""

    signature: str
    said: str  # a hash of the body


@csrf_exempt
def tracking(request: HttpRequest, name: str) -> HttpResponse:
    """404 for any provider but the one in use; 400 for what it has not said itself."""
    try:
        answer = understood(request, name)
        if isinstance(answer, Understood):
            if not all(first_uses([answer])):
                raise AnymailWebhookValidationFailure("a signature used for something else")
            take_in(answer.events)
        return answer
    except AnymailWebhookValidationFailure as error:
        log.warning("Webhook of %s refused: %s", name, type(error.__cause__ or error).__name__)
        return HttpResponse("Not taken.", status=400, content_type="text/plain")


def understood(request: HttpRequest, name: str) -> HttpResponse:
    """The provider's own proof is checked, the body read; nothing is stored. Raises Http404,
    AnymailWebhookValidationFailure."""
    hook = providers.current().hook
    if hook is None or hook.name != name:
        raise Http404
    request.body  # noqa: B018 - before a form's parser has read it
    if not hook.proof:
        raise AnymailWebhookValidationFailure(f"{hook.secret} is not set")
    return view_of(hook.view)(request)


def take_in(events: Sequence[Any]) -> None:
    """To who takes events in (the hook ``provider_events``): all together, in one statement.
    Raises AnymailWebhookValidationFailure, and what a database raises."""
    for taken_in in hooks.get_hooks("provider_events"):
        try:
            taken_in(providers.current(), events)
        except RecursionError as error:  # it could be read, just so
            raise AnymailWebhookValidationFailure("too deep") from error


def first_uses(answers: Sequence[Understood]) -> list[bool]:
    """Is each one's signature new, or known from the same body, as a repeat's is? Asked for all in
    one round trip. While Redis is away the signature has to do."""
    uses = [answer.use for answer in answers if answer.use]
    if not uses:
        return [True] * len(answers)
    try:
        with store().pipeline(transaction=False) as together:
            for use in uses:
                key = f"mailgun:{use.signature}"
                together.set(key, use.said, nx=True, ex=2 * MAILGUN_REPEATS_FOR)
                together.get(key)
            known = dict(zip(uses, together.execute()[1::2], strict=True))
    except redis.RedisError as error:
        log.warning("Redis knows of no signature: %s", type(error).__name__)
        return [True] * len(answers)
    return [not use or is_same(known[use], use) for use in (one.use for one in answers)]


def is_same(known: bytes | None, use: Use) -> bool:
    return known is None or hmac.compare_digest(known, use.said.encode())


@cache
def view_of(name: str) -> Callable[[HttpRequest], HttpResponse]:
    base: Any = import_string(name)
    wary: Any = type(base.__name__, (Wary, base), {})
    view: Callable[[HttpRequest], HttpResponse] = wary.as_view()
    return view


class Wary:
    """Before one of Anymail's views: a body that is no event of theirs is the sender's fault."""

    use: Use | None = None

    def post(self, request: HttpRequest) -> HttpResponse:
        self.run_validators(request)
        return Understood(self.parse_events(request), self.use)

    def run_validators(self, request: HttpRequest) -> None:
        with unreadable_is_refused():
            super().run_validators(request)  # type: ignore[misc]

    def parse_events(self, request: HttpRequest) -> list[Any]:
        with unreadable_is_refused():
            return list(super().parse_events(request))  # type: ignore[misc]


@contextmanager
def unreadable_is_refused() -> Iterator[None]:
    try:
        yield
    except (AnymailError, *UNREADABLE) as error:
        raise AnymailWebhookValidationFailure("not an event") from error


class MailgunView(MailgunTrackingWebhookView):
    """Mailgun signs a time and a token and not what it says: whoever has seen one signature could
    say anything with it. So each counts for a day, and for one body, which a repeat brings again.

    Only JSON: the forms of its older events hold the signature among other fields, and one body
    can be read both ways. Time and token are signed without anything between, so a time has ten
    digits, and what is remembered is the signature itself.
    """

    def validate_request(self, request: HttpRequest) -> None:
        """Besides the signature's own check, which Anymail collects from its class. Raises
        AnymailWebhookValidationFailure."""
        if request.content_type != "application/json":
            raise AnymailWebhookValidationFailure("not JSON")
        signature = json.loads(request.body)["signature"]
        if not re.fullmatch(r"[0-9]{10}", str(signature["timestamp"])):
            raise AnymailWebhookValidationFailure("no time")
        if abs(time.time() - int(signature["timestamp"])) > MAILGUN_REPEATS_FOR:
            raise AnymailWebhookValidationFailure("a signature of another day")
        said = hashlib.sha256(request.body).hexdigest()
        self.use = Use(str(signature["signature"]).lower(), said)


urlpatterns = [path("anymail/<str:name>/tracking/", tracking, name="provider_events")]
