"""``{% signup_box %}``: the sign-up form below an article; ``{% signup_form newsletters %}``: for
several newsletters."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.template.loader import render_to_string

from newsroom.core import languages
from newsroom.first_steps import required
from newsroom.kept_pages.noting import remembered
from newsroom.models import PolicyPage
from newsroom.web.http import absolute_url
from subscriptions.models import Newsletter
from subscriptions.readers import signup as signup_story
from subscriptions.readers.signup_form import Source

register = template.Library()


@register.inclusion_tag("subscriptions/readers/signup_box.html", takes_context=True)
def signup_box(
    context: dict[str, Any], newsletter: Newsletter | None = None, source: str = Source.PAGE
) -> dict[str, Any]:
    """The form for ``newsletter``, or for the first one there is; what was sent by another one
    keeps its source. While sign-up is closed, the box says so."""
    newsletter = newsletter or next(iter(signup_story.offered()), None)
    return {
        "newsletter": newsletter,
        "id": f"signup-{newsletter.pk}" if newsletter else "",  # a page may have several boxes
        "latest": latest_issue(newsletter) if newsletter else None,
        **_form(context, source),
    }


@remembered
def latest_issue(newsletter: Newsletter) -> Any:
    return newsletter.latest_issue()


@register.simple_tag(takes_context=True)
def signup_form(context: dict[str, Any], newsletters: Sequence[Newsletter]) -> str:
    """One form for them all; of one alone nobody has to choose."""
    if len(newsletters) == 1:
        box = signup_box(context, newsletters[0])
        return render_to_string("subscriptions/readers/signup_box.html", box)
    form = context.get("form")
    chosen = form["newsletter"].value() if form else None
    box = {"newsletters": newsletters, "id": "signup", "chosen": chosen or []}
    box |= _form(context, Source.PAGE)
    return render_to_string("subscriptions/readers/signup_several.html", box)


@register.simple_tag
def form_for_other_sites(newsletter: Newsletter) -> str:
    """HTML to copy, in the newsletter's language. It leads to our page, which asks once more."""
    context = {"newsletter": newsletter, "url": absolute_url("ask_once_more")}
    with languages.speaking(newsletter.language), languages.addresses_below("/"):
        page = render_to_string("subscriptions/readers/embedded.html", context)
    return page.strip()  # no longer “safe”: escaped where it is shown


@register.simple_tag
def own_words(newsletter: Newsletter, about: str) -> str:
    """What the newsletter's editors say on that page; “” if nothing."""
    found = newsletter.words.filter(about=about, language=languages.spoken()).first()
    return found.on_page() if found else ""


@register.simple_tag
def newsletters() -> Sequence[Newsletter]:
    """Those that one can sign up for."""
    if not signup_story.is_open():
        return []
    return signup_story.offered()


def _form(context: dict[str, Any], source: str) -> dict[str, Any]:
    policy = PolicyPage.current()
    return {
        "policy": policy,
        "closed": policy is None or bool(required.postal_address(context.get("masthead"))),
        "form": context.get("form"),
        "source": source,
        "problem": context.get("problem"),
        "challenge": context.get("challenge"),
        "question": context.get("question"),
        "request": context.get("request"),
    }
