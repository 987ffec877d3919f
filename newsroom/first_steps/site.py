"""``manage.py first_site``: a newsroom's own site, out of a few answers.

Each app has a part of it (the hook ``first_site``): what it asks, and what it makes of the answers.
All is made in one transaction, and nothing where a site is already.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.models import Page, Site

from newsroom.address.site import follow
from newsroom.core import languages
from newsroom.core.clean_text import clean
from newsroom.core.database import one_at_a_time
from newsroom.core.kept import retention
from newsroom.models import HomePage, Masthead, PolicyPage, SectionPage

Answers = Mapping[str, str]
LOCK = 20_001  # of one_at_a_time: two that begin at once make one site
UNFINISHED = "[…]"  # in the draft of the policy: what only the newsroom can say


@dataclass(frozen=True)
class Question:
    """``check`` raises ValidationError; an empty answer is looked at only if it is ``needed``."""

    name: str  # of the option, too
    words: str
    default: Callable[[Answers], str] = lambda answers: ""
    check: Callable[[str], object] = lambda answer: None
    needed: bool = False
    only_with: str = ""  # the answer without which this is not asked

    def read(self, answer: str) -> str:
        """As it is kept. Raises ValidationError."""
        answer = clean(answer).strip()
        if answer:
            self.check(answer)
        elif self.needed:
            raise ValidationError("This can’t be left empty.")
        return answer


@dataclass(frozen=True)
class Part:
    questions: list[Question]
    make: Callable[[Answers, HomePage], Iterator[str]]  # says what it has made


def parts() -> Iterator[Part]:
    for tell in hooks.get_hooks("first_site"):
        yield tell()


def is_there() -> bool:
    return HomePage.objects.exists()


def make(answers: Answers) -> list[str]:
    """What was made, in words; empty where there is a site: it is not touched. Raises
    ValidationError for what a page refuses."""
    with transaction.atomic():
        one_at_a_time(LOCK)
        if is_there():
            return []
        with languages.speaking(answers["language"]):
            home = front_page(answers["name"])
            made = [f"The front page, “{home.title}”"]
            for part in parts():
                made += part.make(answers, home)
    return made


def front_page(name: str) -> HomePage:
    """In the place of Wagtail's “Welcome” page, whose address it may want."""
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    welcome = site.root_page if site else None
    home: HomePage = Page.get_first_root_node().add_child(
        instance=HomePage(title=name, slug="front")
    )
    site = site or Site(is_default_site=True, hostname="localhost")
    site.root_page, site.site_name = home, name
    site.save()
    if welcome and welcome.depth > 1 and type(welcome.specific) is Page and not welcome.numchild:
        welcome.delete()
    follow()
    return home


# --- What newsroom itself asks and makes ----------------------------------------------------


def spoken_here(code: str) -> None:
    if code not in languages.NAMES:
        raise ValidationError(f"One of: {', '.join(languages.NAMES)}.")


def short_enough(name: str) -> None:
    Masthead(name=name).full_clean()


QUESTIONS = [
    Question("name", "The newsroom’s name", check=short_enough, needed=True),
    Question("language", "The language it writes in", lambda _: languages.OWN, spoken_here, True),
    Question("postal-address", "Its postal address (stands in every newsletter)"),
    Question("contact-email", "The address that readers may write to", check=validate_email),
    Question("sections", "Sections, such as “Politics, Culture”"),
]


def own_part() -> Part:
    return Part(QUESTIONS, make_own)


def make_own(answers: Answers, home: HomePage) -> Iterator[str]:
    masthead = Masthead.load()
    masthead.name = answers["name"]
    masthead.postal_address = answers["postal-address"]
    masthead.contact_email = answers["contact-email"]
    masthead.full_clean()
    masthead.save()
    yield f"The masthead: {masthead.name}"
    titles = [title.strip() for title in answers["sections"].split(",")]
    for title in filter(None, titles):
        home.add_child(instance=SectionPage(title=title, show_in_menus=True))
        yield f"The section “{title}”"
    policy = PolicyPage(
        title=_("Privacy policy"),
        slug="privacy",
        body=policy_to_finish(masthead),
        version=f"{timezone.localdate():%Y-%m}",
        live=False,
    )
    home.add_child(instance=policy)
    policy.save_revision()
    yield "A draft of the privacy policy, for you to finish and publish"


def policy_to_finish(masthead: Masthead) -> str:
    """What this product really keeps, by the table that it goes by (docs/architecture.md); and
    places for what only the newsroom knows."""
    said = {"masthead": masthead, "rows": list(retention.table()), "unfinished": UNFINISHED}
    html = render_to_string("newsroom/first_steps/policy.html", said)
    return " ".join(html.split())
