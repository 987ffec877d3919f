"""What a failed call to the provider means: certainly not sent, refused, or nobody knows."""

import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
)
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from newsroom.mail import diagnosis
from newsroom.mail.diagnosis import Stage, Verdict
from newsroom.mail.providers import Provider

# The provider refuses us, not a reader: no other batch would fare better.
ACCOUNT_REFUSED = {401, 402, 403, 404, 420}
# Amazon SES says so with 400 and a name ("Common Errors", "SendBulkEmail": Errors).
SES_ACCOUNT = {
    "AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException",
    "LimitExceededException", "NotFoundException",
}  # fmt: skip
# botocore's names for a call that never left (it is an optional package).
NEVER_LEFT = {"EndpointConnectionError", "ConnectTimeoutError", "NoCredentialsError", "SSLError"}
TOO_MANY = {429, 430}


class SendError(StrEnum):
    """What a failed call means for the mail that was in it."""

    NOT_SENT = "not sent"  # certainly not: try again
    SLOWER = "slower"  # the same, and the provider wants fewer calls
    ACCOUNT = "account refused"  # or something else that a person has to mend
    ADDRESS = "address refused"  # the call was refused whole, for an address in it
    CALL = "call refused"  # the same, for the mail itself, or nobody says
    LATER = "later"  # every reader was refused, for now
    HAD = "had it"  # the provider has had this very call before
    IN_DOUBT = "in doubt"  # it may have been taken


@dataclass(frozen=True)
class Outcome:
    kind: SendError
    reason: str  # what an editor may read: no address in it
    wait: timedelta = timedelta()  # before any call


class CouldNotConnect(Exception):
    """No connection to the mail server, so nothing was sent; the cause says why."""


def classify(error: Exception, provider: Provider | None = None) -> Outcome:
    if isinstance(error, AnymailRecipientsRefused):
        said = getattr(error.response, "text", "")
        return _refused_whole("the provider refused every address", said)
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return _by_ses(response)
    if response is not None:
        return _by_status(response, provider)
    if isinstance(error, CouldNotConnect):
        return _by_mail_server(error.__cause__)
    if isinstance(error, smtplib.SMTPRecipientsRefused):  # a single mail, by Django's own way
        return _by_recipient(*next(iter(error.recipients.values())))
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_mail_server(error)
    if wrong := _not_trusted(error):
        words = f"the provider's TLS certificate is not to be trusted: {wrong}"
        return Outcome(SendError.ACCOUNT, words)
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return Outcome(SendError.NOT_SENT, "the provider could not be reached")
    if isinstance(error, requests.RequestException):
        return Outcome(SendError.IN_DOUBT, "the connection broke during the call")
    if isinstance(error, AnymailInvalidAddress):  # found before the call
        theirs = "in `to`" in str(error)  # or a sender of ours
        return Outcome(SendError.ADDRESS if theirs else SendError.CALL, "an address is not valid")
    if type(error.__cause__).__module__.startswith("botocore"):
        return Outcome(SendError.IN_DOUBT, "the connection broke during the call")
    if isinstance(error, AnymailAPIError):
        return Outcome(SendError.IN_DOUBT, "the provider's answer makes no sense")
    if isinstance(error, AnymailError | ValueError | TypeError):  # before anything has left
        return Outcome(SendError.ACCOUNT, f"the mail could not be built ({type(error).__name__})")
    return Outcome(SendError.IN_DOUBT, type(error).__name__)


def _by_status(response: requests.Response, provider: Provider | None) -> Outcome:
    code, where = response.status_code, f"the provider answered {response.status_code}"
    if provider and _had_it(response, provider):
        return Outcome(SendError.HAD, "the provider has had this call before")
    if code in TOO_MANY or (code == 409 and "concurrent" in response.text[:500]):
        return Outcome(SendError.SLOWER, f"{where}: too many requests", _retry_after(response))
    if code == 413:
        return Outcome(SendError.ACCOUNT, f"{where}: the issue is too large for it")
    if code in ACCOUNT_REFUSED:
        return Outcome(SendError.ACCOUNT, f"{where}: check the account and its keys")
    if 400 <= code < 500:
        return _refused_whole(f"{where}: it refused an address, or the mail itself", response.text)
    if code < 300:
        return Outcome(SendError.IN_DOUBT, f"{where}, but with words that make no sense")
    return Outcome(SendError.IN_DOUBT, where)


def _refused_whole(reason: str, said: str) -> Outcome:
    """For an address in it only if the provider says so: else it may as well be about us."""
    about = diagnosis.about_recipient(said)
    return Outcome(SendError.ADDRESS if about else SendError.CALL, reason)


def _had_it(response: requests.Response, provider: Provider) -> bool:
    try:
        return 400 <= response.status_code < 500 and provider.had_it(response)
    except (ValueError, AttributeError, TypeError):  # not JSON, or not an object
        return False


def _retry_after(response: requests.Response) -> timedelta:
    """RFC 9110, 10.2.3, in seconds; 10 when it does not say, at most 10 minutes."""
    given = response.headers.get("Retry-After", "")
    return timedelta(seconds=min(int(given[:6]), 600) if given.isdecimal() else 10)


def _by_ses(response: dict[str, Any]) -> Outcome:
    code = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    name = str(response.get("Error", {}).get("Code", ""))
    where = f"the provider answered {code} {name}".rstrip()
    if code == 429 or name == "TooManyRequestsException":
        return Outcome(SendError.SLOWER, f"{where}: too many requests", timedelta(seconds=10))
    if code in ACCOUNT_REFUSED or name in SES_ACCOUNT:
        return Outcome(SendError.ACCOUNT, f"{where}: check the account and its keys")
    if code == 200:
        return _by_ses_entries(response)
    if 400 <= code < 500:
        said = str(response.get("Error", {}).get("Message", ""))
        return _refused_whole(f"{where}: it refused an address, or the mail itself", said)
    return Outcome(SendError.IN_DOUBT, where)


def _by_ses_entries(response: dict[str, Any]) -> Outcome:
    """It answered, and every entry failed for the same reason ("BulkEmailEntryResult")."""
    results = response.get("BulkEmailEntryResults")
    first = results[0] if isinstance(results, list) and results else {}
    status = str(first.get("Status", ""))
    where = f"the provider answered {status}"
    if status == "ACCOUNT_THROTTLED":
        return Outcome(SendError.SLOWER, where, timedelta(seconds=10))
    if status in ("TRANSIENT_FAILURE", "FAILED"):
        return Outcome(SendError.LATER, where)
    if status in ("INVALID_PARAMETER", "MESSAGE_REJECTED"):
        said = str(first.get("Error", ""))
        return _refused_whole(f"{where}: it refused an address, or the mail itself", said)
    if status:
        return Outcome(SendError.ACCOUNT, f"{where}: check the account and its keys")
    return Outcome(SendError.IN_DOUBT, "the provider's answer makes no sense")


def _by_mail_server(cause: BaseException | None) -> Outcome:
    said = cause if isinstance(cause, smtplib.SMTPResponseException) else None
    if said and 400 <= said.smtp_code < 500:
        return Outcome(SendError.NOT_SENT, f"the mail server answered {said.smtp_code}")
    if isinstance(cause, smtplib.SMTPAuthenticationError):
        return Outcome(
            SendError.ACCOUNT, "the mail server refused our login: check user and password"
        )
    if isinstance(cause, smtplib.SMTPNotSupportedError | ssl.SSLError):
        return Outcome(
            SendError.ACCOUNT, "no safe connection to the mail server: check its TLS settings"
        )
    if said and said.smtp_code // 100 == 5:
        words = diagnosis.anonymous(f"{said.smtp_code} {_text(said.smtp_error)}")
        return Outcome(SendError.ACCOUNT, f"the mail server refuses us: it said “{words}”")
    return Outcome(SendError.NOT_SENT, "the mail server could not be reached")


def _by_recipient(code: int, words: Any) -> Outcome:
    verdict = diagnosis.by_smtp(Stage.RCPT, f"{code} {_text(words)}")
    gone = code // 100 == 5 and verdict is Verdict.DEAD
    kind = SendError.ADDRESS if gone else SendError.NOT_SENT
    return Outcome(kind, f"the mail server answered {code}")


def _text(words: Any) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)


def _never_connected(error: BaseException) -> bool:
    """Is a failed connect (DNS, refused, time-out) at the root?"""
    return any(
        isinstance(one, NewConnectionError | ConnectTimeoutError)
        or (type(one).__name__ in NEVER_LEFT and "botocore" in type(one).__module__)
        for one in _causes(error)
    )


def _not_trusted(error: BaseException) -> str:
    """What is wrong with their certificate, in OpenSSL's words: nothing has left then."""
    found = (one for one in _causes(error) if isinstance(one, ssl.SSLCertVerificationError))
    return next((one.verify_message for one in found), "")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """It, and what lies below: requests buries it deep."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        inner = [item for item in error.args if isinstance(item, BaseException)]
        reason = getattr(error, "reason", None)
        if isinstance(reason, BaseException):
            inner.append(reason)
        error = inner[0] if inner else error.__cause__ or error.__context__
