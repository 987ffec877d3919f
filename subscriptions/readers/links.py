"""The links that are a reader's own: to leave a list, and to their preferences.

``token`` may be a merge field instead (newsroom/mail/providers), which stays as it is written.
"""

from urllib.parse import unquote

from newsroom.web.http import absolute_url


def unsubscribe_url(token: str) -> str:
    return unquote(absolute_url("unsubscribe", token))


def preferences_url(token: str) -> str:
    return unquote(absolute_url("preferences", token))


def unsubscribe_headers(token: str) -> dict[str, str]:
    """Both headers of the one-click unsubscribe (RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{unsubscribe_url(token)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
