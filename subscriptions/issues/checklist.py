"""What stops an issue, or gives its editor pause, before it may go: the checklist on the desk.

STOPS and WARNS list the checks (checks.py), each with the place where it is put right.
"""

from collections.abc import Callable

from django.urls import reverse
from django.utils import timezone

from newsroom.editing.checklist import Check, Finding, findings, first_stop
from newsroom.models import PolicyPage
from subscriptions.issues import checks, link_checker, rendering
from subscriptions.issues.proof import Proof
from subscriptions.models import IssuePage

# --- The list -------------------------------------------------------------------------------


def part(name: str) -> Callable[[Proof], str]:
    """A part of the issue's editor, by the anchor that Wagtail gives it."""
    anchor = f"#panel-child-content-{name}-section"
    return lambda proof: reverse("wagtailadmin_pages:edit", args=[proof.issue.pk]) + anchor


def sender(proof: Proof) -> str:
    return reverse("wagtailadmin_pages:edit", args=[proof.newsletter.pk])


def masthead(proof: Proof) -> str:
    return reverse("wagtailsettings:edit", args=["newsroom", "masthead"])


def policy(proof: Proof) -> str:
    """The draft of it, if there is one."""
    draft = PolicyPage.objects.first()
    if draft:
        return reverse("wagtailadmin_pages:edit", args=[draft.pk])
    return reverse("wagtailadmin_explore_root")


def undescribed(proof: Proof) -> str:
    return reverse("wagtailimages:edit", args=[proof.undescribed[0].pk])


def broken(proof: Proof) -> str:
    return reverse("wagtailimages:edit", args=[proof.broken[0].pk])


def here(proof: Proof) -> str:
    """On the desk itself."""
    return ""


INBOX, CONTENT, SUBJECTS = part("in_the_inbox"), part("body"), part("subject_test")
AUDIENCE = part("audience")


STOPS = [
    Check("Subject", checks.subject_is_there, INBOX),
    Check("Something to read", checks.it_says_something, CONTENT),
    Check("Articles are published", checks.articles_are_published, CONTENT),
    Check("Each article once", checks.articles_are_there_once, CONTENT),
    Check("Links to our own pages", checks.our_links_lead_somewhere, CONTENT),
    Check("No merge marker left over", checks.no_marker_is_left, CONTENT),
    Check("Plain text", checks.text_part_says_something, CONTENT),
    Check("Size", checks.html_is_small_enough, CONTENT),
    Check("Address of the site", checks.site_has_one_address, here),
    Check("Sender", checks.sender_is_allowed, sender),
    Check("Unsubscribe link, provider", checks.provider_takes_it, CONTENT),
    Check("Privacy policy", checks.policy_is_published, policy),
    Check("Postal address", checks.postal_address_is_there, masthead),
    Check("Segment", checks.segment_is_as_chosen, AUDIENCE),
    Check("Not the last issue again", checks.it_is_not_the_last_one_again, CONTENT),
]
WARNS = [
    Check("Length of the subject", checks.subject_is_short, INBOX),
    Check("Preheader", checks.preheader_is_short, INBOX),
    Check("Tone of the subject", checks.subject_is_calm, INBOX),
    Check("Subject test", checks.sample_is_large_enough, SUBJECTS),
    Check("Descriptions of pictures", checks.pictures_are_described, undescribed),
    Check("Pictures", checks.pictures_can_be_shown, broken),
    Check("Number of links", checks.links_are_few, CONTENT),
    Check("Whole articles", checks.whole_articles_fit, CONTENT),
    Check("Others' pages", checks.others_pages_answer, CONTENT),
    Check("Comments of colleagues", checks.comments_are_settled, CONTENT),
    Check("Test", checks.test_was_sent, here),
    Check("Size of the audience", checks.audience_is_usual, here),
]


def inspect(issue: IssuePage, render: rendering.Render = rendering.render_issue) -> list[Finding]:
    """The whole checklist for the issue as it is in that object."""
    return findings(Proof(issue, render), STOPS, WARNS)


def stops(issue: IssuePage) -> str:
    """The first thing that stops it, "" when nothing does."""
    return first_stop(Proof(issue), STOPS)


def look_at_others_pages() -> int:
    """The job: links of issues that may still go out; how many pages were looked at."""
    now = timezone.now()
    coming = IssuePage.objects.filter(issue_on__gte=timezone.localdate(), mailings=None)
    urls: list[str] = []
    for issue in coming.order_by("issue_on")[:20]:
        urls += Proof(issue.get_latest_revision_as_object()).hrefs
    return link_checker.check(urls, now)
