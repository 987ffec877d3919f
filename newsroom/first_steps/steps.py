"""What is left to do until readers can read, sign up and give: a table of steps, each of which
looks at the facts. None is ever ticked off by hand.

Other apps add theirs with the hook ``first_steps``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from wagtail import hooks
from wagtail.models import Page, Site

from newsroom.accounts.models import SecondFactor, User
from newsroom.address.site import disagreement
from newsroom.backups import made
from newsroom.first_steps import required
from newsroom.first_steps.site import UNFINISHED
from newsroom.models import HomePage, Masthead, PolicyPage, SectionPage, readable
from newsroom.models.masthead import host

BACKUP_IS_LATE = timedelta(days=3)  # one is made every night


@dataclass(frozen=True)
class Step:
    what: str
    why: str
    look: Callable[[], str]  # what is missing, in words; "" when nothing is
    place: Callable[[], str]  # the address where it is done; "": not in the admin
    button: str
    optional: bool = False


@dataclass(frozen=True)
class Looked:
    """A step, and how it is now."""

    step: Step
    missing: str
    url: str

    @property
    def done(self) -> bool:
        return not self.missing


def table() -> Iterator[Step]:
    for tell in hooks.get_hooks("first_steps"):
        yield from tell()


def look() -> list[Looked]:
    return [Looked(step, step.look(), step.place()) for step in table()]


# --- What newsroom itself needs -------------------------------------------------------------


def front_page() -> str:
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    if site and isinstance(site.root_page.specific, HomePage) and site.root_page.live:
        return ""
    return (
        "At the site’s address stands another page, such as Wagtail’s “Welcome”: “manage.py "
        "first_site” puts yours there."
    )


def name() -> str:
    found = Masthead.load().name
    return "" if found not in ("", host()) else "It is the server’s own so far."


def section() -> str:
    if readable(SectionPage.objects).in_menu().exists():
        return ""
    if readable(SectionPage.objects).exists():
        return "None is shown in the menu: see its tab “Promote”, “Show in menus”."
    return "There is none yet."


def policy() -> str:
    """Published, and with nothing left open in it."""
    found = PolicyPage.current()
    if found is None:
        return "It is a draft." if PolicyPage.objects.exists() else "There is none yet."
    return f"“{UNFINISHED}” still stands in it." if UNFINISHED in found.body else ""


def colleagues() -> str:
    staff = User.objects.filter(is_active=True, demo=False)
    bare = staff.exclude(pk__in=SecondFactor.objects.values("user")).order_by("username")
    if names := list(bare.values_list("username", flat=True)[:5]):
        return f"Without a second factor: {', '.join(names)}."
    return "" if staff.count() > 1 else "You are alone here."


def backup() -> str:
    newest = made.newest()
    if newest and timezone.now() - newest < BACKUP_IS_LATE:
        return ""
    last = f"The last is of {timezone.localtime(newest):%-d %B %Y}." if newest else "There is none."
    return f"{last} On the server: docs/how-to/back-up-and-restore.md, “Every night”."


def edit_masthead() -> str:
    return reverse("wagtailsettings:edit", args=["newsroom", "masthead"])


def page_tree() -> str:
    return reverse("wagtailadmin_explore_root")


def edit_policy() -> str:
    draft = PolicyPage.objects.first()
    return edit(draft) if draft else add("newsroom", "policypage")


def edit_section() -> str:
    hidden = SectionPage.objects.order_by("path").first()
    return edit(hidden) if hidden else add("newsroom", "sectionpage")


def list_staff() -> str:
    return reverse("wagtailusers_users:index")


def edit(page: Page) -> str:
    return reverse("wagtailadmin_pages:edit", args=[page.pk])


def add(app: str, model: str) -> str:
    """A page below the front page; where there is none, the page tree."""
    home = HomePage.objects.first()
    if home is None:
        return page_tree()
    return reverse("wagtailadmin_pages:add", args=[app, model, home.pk])


def own_steps() -> list[Step]:
    return [
        Step(
            "A front page",
            "It is what readers find at the site’s address.",
            front_page,
            page_tree,
            "Look at the pages",
        ),
        Step(
            "The newsroom’s name",
            "It stands above every page and every mail, and signs them.",
            name,
            edit_masthead,
            "Write the masthead",
        ),
        Step(
            "The site’s address",
            "Links in mails and feeds are made of it: a wrong one leads nowhere.",
            disagreement,
            str,  # whoever runs the server mends it
            "",
        ),
        Step(
            "A section",
            "Articles stand in sections, and readers find these in the menu.",
            section,
            edit_section,
            "Make a section",
        ),
        Step(
            "The privacy policy",
            "Readers agree to it when they sign up. Until it is published nobody can, and no issue "
            "goes out.",
            policy,
            edit_policy,
            "Finish and publish it",
        ),
        Step(
            "A postal address",
            "Anti-spam laws want it in every newsletter. A post-office box, or a friendly "
            "organisation’s address, will do.",
            required.postal_address,
            edit_masthead,
            "Write the address",
        ),
        Step(
            "Colleagues, each with a second factor",
            "An issue is approved by somebody else than who edited it; and if your phone is lost, "
            "somebody has to let you in.",
            colleagues,
            list_staff,
            "Invite somebody",
        ),
    ]


def last_steps() -> list[Step]:
    """After those of other apps."""
    return [
        Step(
            "A backup every night",
            "Without one, a broken disk or a seized server is the end of all that is here. It is "
            "sealed, and its key lies elsewhere.",
            backup,
            str,
            "",
        )
    ]
