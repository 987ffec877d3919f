"""What a failed call to the provider means: certainly not sent, refused, or nobody knows."""

import requests
from anymail.exceptions import AnymailError, AnymailInvalidAddress
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

# The provider refuses us, not a reader: no other batch would fare better.
ACCOUNT_REFUSED = {401, 402, 403, 404, 420}


def classify(error: Exception) -> tuple[str, str]:
    """("no" | "refused" | "bad" | "doubt", what an editor may read).

    no: certainly nothing was sent, try again. refused: the account was refused, a person has to
    act. bad: this call was refused whole, for an address or for the mail itself. doubt: the
    provider may have accepted the call before it failed.
    """
    response = getattr(error, "response", None)
    if response is not None:
        code, where = response.status_code, f"the provider answered {response.status_code}"
        if code == 429:
            return "no", f"{where}: too many requests"
        if code in ACCOUNT_REFUSED:
            return "refused", f"{where}: check the account"
        if 400 <= code < 500:
            return "bad", f"{where}: it refused an address, or the mail itself"
        return "doubt", where
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return "no", "the provider could not be reached"
    if isinstance(error, requests.RequestException):
        return "doubt", "the connection broke during the call"
    if isinstance(error, AnymailInvalidAddress):  # found before the call
        return "bad", "an address is not valid"
    if isinstance(error, AnymailError | ValueError | TypeError):  # before anything has left
        return "refused", f"the mail could not be built ({type(error).__name__})"
    return "doubt", type(error).__name__


def _never_connected(error: BaseException | None) -> bool:
    """Is a failed connect (DNS, refused, time-out) at the root? requests buries it deep."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, NewConnectionError | ConnectTimeoutError):
            return True
        inner = [item for item in error.args if isinstance(item, BaseException)]
        reason = getattr(error, "reason", None)
        if isinstance(reason, BaseException):
            inner.append(reason)
        error = inner[0] if inner else error.__cause__ or error.__context__
    return False
