"""An issue as a mail, rendered once per mailing.

What differs between readers stands in it as merge fields, which the provider fills in; nothing that
an author typed can become one.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from django.template.loader import get_template
from django.utils import timezone

from newsroom.core.languages import speaking
from newsroom.core.privacy import Unreadable, seal, unseal
from newsroom.mail import providers
from newsroom.mail.compose import Rendered, defuse, render
from subscriptions.readers.links import at_foot, preferences_url, unsubscribe_url

if TYPE_CHECKING:
    from subscriptions.models import IssuePage

TEMPLATE = "subscriptions/email/issue"
KEPT_SECONDS = 60
Render = Callable[["IssuePage"], Rendered]  # anew, or once a minute


def personal_links() -> dict[str, str]:
    """A field where each reader's own links differ: ``providers`` writes it as the provider wants
    it."""
    links = {"unsubscribe": unsubscribe_url, "preferences": preferences_url}
    return {name: url(providers.FIELD.format(name)) for name, url in links.items()}


class Unsendable(Exception):
    """The issue can't go out as it is; the message tells an editor what to do."""


def render_issue(issue: "IssuePage") -> Rendered:
    """The issue as it goes to everyone, merge fields in place of what is personal."""
    # Rendered with unguessable stand-ins first: a “((reader.…))” found afterwards was typed
    # by somebody, and is defused.
    nonce = secrets.token_hex(8)
    stand_ins = {name: f"https://{nonce}-{name}.invalid/" for name in personal_links()}
    newsletter = issue.newsletter
    context = {
        "issue": issue,
        "newsletter": newsletter,
        "look": newsletter,
        "web_url": issue.full_url or settings.BASE_URL,
        "links_at_foot": at_foot(**stand_ins),
    }
    with speaking(newsletter.language), timezone.override(newsletter.zone):
        rendered = render(TEMPLATE, context, issue.subject)
    return Rendered(
        subject=rendered.subject,
        html=put_personal_links(rendered.html, stand_ins),
        text=put_personal_links(rendered.text, stand_ins),
    )


def render_once_a_minute(issue: "IssuePage") -> Rendered:
    """As :func:`render_issue`, for looking at only: once for each version of the issue and minute,
    however many frames and colleagues look. What goes out is rendered anew.

    An issue tells of no person, but of what nobody may know before its hour: so it lies in Redis
    sealed, as personal data lie in the database.
    """
    key = f"rendered-issue:{issue.pk}:{issue.version}"
    try:
        return Rendered(**json.loads(unseal(cache.get(key) or b"", key)))
    except Unreadable:  # there is none
        rendered = render_issue(issue)
        cache.set(key, seal(json.dumps(asdict(rendered)), key), KEPT_SECONDS)
        return rendered


def check(rendered: Rendered, provider: providers.Provider) -> None:
    """Raises Unsendable for what this provider would not take, or no reader should get."""
    size = sum(len(part.encode()) for part in (rendered.subject, rendered.html, rendered.text))
    if size > provider.most_bytes:
        raise Unsendable(
            f"The issue is {size / 1e6:,.1f} MB; {provider.name} takes at most "
            f"{provider.most_bytes / 1e6:g} MB. Take something out."
        )
    unsubscribe = personal_links()["unsubscribe"]
    for part, name in ((rendered.html, "HTML"), (rendered.text, "text")):
        if unsubscribe not in part:
            raise Unsendable(f"The template's {name} part has no unsubscribe link.")
    for suffix in ("mjml", "txt"):
        source = get_template(f"{TEMPLATE}.{suffix}").template.source  # type: ignore[attr-defined]
        if unknown := providers.ANY_FIELD.search(source):  # readers would get it as it stands
            raise Unsendable(f"{TEMPLATE}.{suffix} has an unknown merge field: {unknown[0]}")


def put_personal_links(body: str, stand_ins: dict[str, str]) -> str:
    body, links = defuse(body), personal_links()
    for name, stand_in in stand_ins.items():
        body = body.replace(stand_in, links[name])
    return body


def for_display(body: str) -> str:
    """A preview or the web: the personal links lead nowhere."""
    for link in personal_links().values():
        body = body.replace(link, "#")
    return body
