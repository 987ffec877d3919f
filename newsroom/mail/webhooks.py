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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from django.core.cache import cache as redis
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt
from wagtail import hooks

from newsroom.mail import providers
from newsroom.web.http import UNREADABLE

log = logging.getLogger(__name__)

MAILGUN_REPEATS_FOR = 24 * 3600  # seconds; Mailgun gives up after 8 hours ("Webhooks")


@csrf_exempt
def tracking(request: HttpRequest, name: str) -> HttpResponse:
    """404 for any provider but the one in use; 400 for what it has not said itself."""
    hook = providers.current().hook
    if hook is None or hook.name != name:
        raise Http404
    try:
        request.body  # noqa: B018 - before a form's parser has read it
        if not hook.proof:
            raise AnymailWebhookValidationFailure(f"{hook.secret} is not set")
        return view_of(hook.view)(request)
    except AnymailWebhookValidationFailure as error:
        log.warning("Webhook of %s refused: %s", name, type(error.__cause__ or error).__name__)
        return HttpResponse("Not taken.", status=400, content_type="text/plain")


@cache
def view_of(name: str) -> Callable[[HttpRequest], HttpResponse]:
    base: Any = import_string(name)
    wary: Any = type(base.__name__, (Wary, base), {})
    view: Callable[[HttpRequest], HttpResponse] = wary.as_view()
    return view


class Wary:
    """Before one of Anymail's views: a body that is no event of theirs is the sender's fault; what
    is one goes to who takes it in (the hook ``provider_events``), all of a request together."""

    def post(self, request: HttpRequest) -> HttpResponse:
        self.run_validators(request)
        events = self.parse_events(request)
        for take_in in hooks.get_hooks("provider_events"):
            try:
                take_in(providers.current(), events)
            except RecursionError as error:  # it could be read, just so
                raise AnymailWebhookValidationFailure("too deep") from error
        return HttpResponse()

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
        """Raises AnymailWebhookValidationFailure."""
        if request.content_type != "application/json":
            raise AnymailWebhookValidationFailure("not JSON")
        super().validate_request(request)
        signature = json.loads(request.body)["signature"]
        if not re.fullmatch(r"[0-9]{10}", str(signature["timestamp"])):
            raise AnymailWebhookValidationFailure("no time")
        if abs(time.time() - int(signature["timestamp"])) > MAILGUN_REPEATS_FOR:
            raise AnymailWebhookValidationFailure("a signature of another day")
        said = hashlib.sha256(request.body).hexdigest()
        key = f"mailgun:{str(signature['signature']).lower()}"
        if redis.add(key, said, timeout=2 * MAILGUN_REPEATS_FOR):
            return
        before = redis.get(key)  # None: Redis is away, and the signature has to do
        if before is not None and not hmac.compare_digest(before, said):
            raise AnymailWebhookValidationFailure("a signature that was used for something else")


urlpatterns = [path("anymail/<str:name>/tracking/", tracking, name="provider_events")]
