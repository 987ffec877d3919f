"""The links that are a reader's own: to leave a list, and to their preferences.

``token`` may be a merge field instead (newsroom/mail/providers), which stays as it is written.
"""

from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from newsroom.web.http import absolute_url
from subscriptions.readers import by_mail


def unsubscribe_url(token: str) -> str:
    return unquote(absolute_url("unsubscribe", token))


def preferences_url(token: str) -> str:
    return unquote(absolute_url("preferences", token))


def at_foot(unsubscribe: str, preferences: str) -> list[tuple[Any, str]]:
    """What stands at the foot of every mail to a list: words and address."""
    return [(_("Unsubscribe"), unsubscribe), (_("Your newsletters"), preferences)]


def unsubscribe_headers(token: str, mail_token: str) -> dict[str, str]:
    """Both headers of the one-click unsubscribe (RFC 8058). An address to write to comes second,
    since programs take the first way that they know (RFC 2369, 2).

    Never at the mirror, whatever edition it is: mail providers press them, not readers. No block
    is in their way, and a mirror may be gone when somebody leaves years later.
    """
    ways = [unsubscribe_url(token)]
    if settings.LEAVE_BY_MAIL:
        ways.append(f"mailto:{by_mail.address(mail_token)}?subject=unsubscribe")
    return {
        "List-Unsubscribe": ", ".join(f"<{way}>" for way in ways),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
