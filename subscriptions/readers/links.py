"""The links that are a reader's own: to leave a list, and to their preferences."""

from newsroom.web.http import absolute_url


def unsubscribe_url(token: str) -> str:
    return absolute_url(f"/newsletter/unsubscribe/{token}/")


def preferences_url(token: str) -> str:
    return absolute_url(f"/newsletter/preferences/{token}/")


def unsubscribe_headers(token: str) -> dict[str, str]:
    """Both headers of the one-click unsubscribe (RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{unsubscribe_url(token)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
