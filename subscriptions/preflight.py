"""What stops an issue, or gives its editor pause, before it may go: the checklist on the desk.

A check looks at the issue as it would go out, and returns what is wrong, "" when nothing is. STOPS
and WARNS list them all. Nothing here asks the network: others' pages are looked at by a job
(links.py).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from wagtail.rich_text import expand_db_html

from newsroom.models import ArticlePage
from subscriptions import links, providers, rendering
from subscriptions.models import IssuePage, LinkCheck, Mailing, Piece

NO_ARTICLES = "This issue has no articles that readers can see yet."
MOST_HTML = 90_000  # bytes: Gmail cuts a mail off at about 102 kB
LONG_SUBJECT, LONG_PREHEADER, MANY_LINKS = 60, 110, 40  # what phones and filters bear
LEAST_EACH = 1000  # readers: of 30 and 45 clicks per 1,000 a test can tell the difference
UNUSUAL = 0.1  # of the audience, more or less than last time
# What other systems' merge fields look like: {{ name }}, *|NAME|*, {name}, <<name>>, %name%.
MARKER = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|\*\|\w+\|\*|\{(?:first_?)?name\}|<<\w+>>|%(?:recipient[._]\w+|\w+name)%",
    re.I,
)
SPAM = re.compile(
    r"\b(?:100% free|act now|buy now|cash bonus|click here|free money|guaranteed|limited time|"
    r"no obligation|order now|risk[- ]free|urgent|winner)\b|[!?]{2,}|\${2,}",
    re.I,
)


class Proof:
    """An issue as it would go out now, each part made when a check first needs it."""

    def __init__(self, issue: IssuePage) -> None:
        self.issue, self.newsletter = issue, issue.newsletter

    @cached_property
    def stories(self) -> list[Piece]:
        return self.issue.stories

    @cached_property
    def rendered(self) -> rendering.Rendered:
        return rendering.render_issue(self.issue)

    @cached_property
    def hrefs(self) -> list[str]:
        return links.hrefs(rendering.for_display(self.rendered.html))

    @cached_property
    def typed(self) -> list[str]:
        """Every text that an editor typed into the issue."""
        others = [row.subject for row in self.issue.other_subjects.all()]
        typed = [strip_tags(text) for text in strings_in(self.issue.body.get_prep_value())]
        return [self.issue.subject, self.issue.preheader, *others, *typed]

    @cached_property
    def letters(self) -> str:
        """The HTML of everything typed as rich text."""
        return "".join(
            expand_db_html(block.value.source)
            for block in self.issue.body
            if block.block_type == "letter"
        )

    @cached_property
    def undescribed(self) -> list[Any]:
        """The pictures in the mail that have no words for those who don't see them."""
        shown = [p.picture for p in self.issue.pieces if p.kind in ("article", "picture")]
        return [image for image in shown if image and not image.description]

    @cached_property
    def last(self) -> Mailing | None:
        """What this newsletter sent before."""
        sent = Mailing.objects.filter(newsletter=self.newsletter, status=Mailing.Status.SENT)
        return sent.exclude(issue=self.issue.pk).order_by("-finished_at").first()


# --- What stops it --------------------------------------------------------------------------


def subject_is_there(proof: Proof) -> str:
    return "" if proof.issue.subject.strip() else "Write a subject."


def articles_are_there(proof: Proof) -> str:
    return "" if proof.stories else NO_ARTICLES


def articles_are_published(proof: Proof) -> str:
    shown = {piece.story.pk for piece in proof.stories if piece.story}
    hidden = [pk for pk in proof.issue.article_ids() if pk not in shown]
    titles = dict(ArticlePage.objects.filter(pk__in=hidden).values_list("pk", "title"))
    names = [titles.get(pk, "an article that was deleted") for pk in hidden]
    return f"Not published, or not yet: {quoted(names)}. Publish or take out." if names else ""


def articles_are_there_once(proof: Proof) -> str:
    counted = Counter(proof.issue.article_ids())
    twice = [p.headline for p in proof.stories if p.story and counted[p.story.pk] > 1]
    return f"More than once: {quoted(list(dict.fromkeys(twice)))}." if twice else ""


def our_links_lead_somewhere(proof: Proof) -> str:
    # Its web version appears with the send; that its articles are there is another check.
    known = {
        proof.issue.full_url,
        *(piece.story.full_url for piece in proof.stories if piece.story),
    }
    ours = [href for href in links.ours(proof.hrefs) if href not in known]
    dead = [href for href in ours if not links.leads_somewhere(href)]
    gone = ["a page that was deleted"] if "" in links.hrefs(proof.letters) else []
    return f"These links lead nowhere: {quoted(dead + gone)}." if dead or gone else ""


def no_marker_is_left(proof: Proof) -> str:
    found = [marker for text in proof.typed for marker in MARKER.findall(text)]
    return f"Readers would see this as it stands: {quoted(found)}." if found else ""


def text_part_says_something(proof: Proof) -> str:
    return "" if proof.rendered.text.strip() else "The plain text is empty."


def html_is_small_enough(proof: Proof) -> str:
    size = len(proof.rendered.html.encode())
    if size <= MOST_HTML:
        return ""
    return f"The HTML is {size / 1000:.0f} kB; above {MOST_HTML // 1000} kB Gmail cuts it off."


def sender_is_allowed(proof: Proof) -> str:
    domain = proof.newsletter.sender_address.rpartition("@")[2].lower()
    if not settings.SENDER_DOMAINS or domain in settings.SENDER_DOMAINS:
        return ""
    allowed = ", ".join(settings.SENDER_DOMAINS)
    return f"{domain} may not send here; allowed: {allowed}. Change the newsletter's sender."


def provider_takes_it(proof: Proof) -> str:
    try:
        rendering.check(proof.rendered, providers.current())
    except rendering.Unsendable as reason:
        return str(reason)
    return ""


def it_is_not_the_last_one_again(proof: Proof) -> str:
    if proof.last is None:
        return ""
    before = proof.last.revision.as_object()
    same = before.subject == proof.issue.subject and (
        before.article_ids() == proof.issue.article_ids()
    )
    return f"This is «{before.title}» again: the same subject, the same articles." if same else ""


# --- What gives pause -----------------------------------------------------------------------


def subject_is_short(proof: Proof) -> str:
    length = len(proof.issue.subject)
    return f"{length} characters; phones show about 40." if length > LONG_SUBJECT else ""


def preheader_is_short(proof: Proof) -> str:
    if not proof.issue.preheader:
        return "None: inboxes show the first words of the mail instead."
    length = len(proof.issue.preheader)
    return f"{length} characters; inboxes show about 90." if length > LONG_PREHEADER else ""


def subject_is_calm(proof: Proof) -> str:
    subject = proof.issue.subject
    letters = [letter for letter in subject if letter.isalpha()]
    if len(letters) > 8 and subject.upper() == subject and subject.lower() != subject:
        return "All in capitals: filters and readers take it for spam."
    found = SPAM.findall(subject)
    return f"Filters dislike {quoted(found)}." if found else ""


def sample_is_large_enough(proof: Proof) -> str:
    arms = len(proof.issue.subjects)
    if arms < 2:
        return ""
    each = proof.newsletter.audience() * proof.issue.sample_percent // 100 // arms
    if each >= LEAST_EACH:
        return ""
    return f"Each subject goes to {each:,} readers; below {LEAST_EACH:,} chance decides, not they."


def pictures_are_described(proof: Proof) -> str:
    names = [image.title for image in proof.undescribed]
    return f"For those who don't see them, describe {quoted(names)}." if names else ""


def links_are_few(proof: Proof) -> str:
    count = len(proof.hrefs)
    return f"{count} links; above {MANY_LINKS} filters grow wary." if count > MANY_LINKS else ""


def others_pages_answer(proof: Proof) -> str:
    external = links.external(proof.hrefs)
    known = {row.url: row for row in LinkCheck.objects.filter(url__in=external)}
    broken = [f"{url} {row.problem}" for url, row in known.items() if row.problem]
    if broken:
        return "; ".join(broken)[:500] + "."
    waiting = len(external) - len(known)
    return f"{waiting} not looked at yet; that takes a minute." if waiting else ""


def comments_are_settled(proof: Proof) -> str:
    open_ = proof.issue.wagtail_admin_comments.filter(resolved_at=None).count()
    return f"{open_} not resolved yet." if open_ else ""


def test_was_sent(proof: Proof) -> str:
    tests = proof.issue.test_sends.order_by("-at")
    last = tests.first()
    if last is None:
        return "No test was sent yet."
    changed = last.revision_id != proof.issue.latest_revision_id
    return "The issue was changed since the last test." if changed else ""


def audience_is_usual(proof: Proof) -> str:
    before = proof.last.audience if proof.last else None
    if not before:
        return ""
    now = proof.newsletter.audience()
    if abs(now - before) <= before * UNUSUAL:
        return ""
    return f"{now:,} readers; the last issue went to {before:,}."


# --- The list -------------------------------------------------------------------------------


def part(name: str) -> Callable[[Proof], str]:
    """A part of the issue's editor, by the anchor that Wagtail gives it."""
    anchor = f"#panel-child-content-{name}-section"
    return lambda proof: reverse("wagtailadmin_pages:edit", args=[proof.issue.pk]) + anchor


def sender(proof: Proof) -> str:
    return reverse("wagtailadmin_pages:edit", args=[proof.newsletter.pk])


def picture(proof: Proof) -> str:
    return reverse("wagtailimages:edit", args=[proof.undescribed[0].pk])


def here(proof: Proof) -> str:
    """On the desk itself."""
    return ""


INBOX, CONTENT, SUBJECTS = part("in_the_inbox"), part("content"), part("subject_test")


@dataclass(frozen=True)
class Check:
    label: str
    look: Callable[[Proof], str]
    place: Callable[[Proof], str]  # the address where it is put right


STOPS = [
    Check("Subject", subject_is_there, INBOX),
    Check("Articles", articles_are_there, CONTENT),
    Check("Articles are published", articles_are_published, CONTENT),
    Check("Each article once", articles_are_there_once, CONTENT),
    Check("Links to our own pages", our_links_lead_somewhere, CONTENT),
    Check("No merge marker left over", no_marker_is_left, CONTENT),
    Check("Plain text", text_part_says_something, CONTENT),
    Check("Size", html_is_small_enough, CONTENT),
    Check("Sender", sender_is_allowed, sender),
    Check("Unsubscribe link, provider", provider_takes_it, CONTENT),
    Check("Not the last issue again", it_is_not_the_last_one_again, CONTENT),
]
WARNS = [
    Check("Length of the subject", subject_is_short, INBOX),
    Check("Preheader", preheader_is_short, INBOX),
    Check("Tone of the subject", subject_is_calm, INBOX),
    Check("Subject test", sample_is_large_enough, SUBJECTS),
    Check("Descriptions of pictures", pictures_are_described, picture),
    Check("Number of links", links_are_few, CONTENT),
    Check("Others' pages", others_pages_answer, CONTENT),
    Check("Comments of colleagues", comments_are_settled, CONTENT),
    Check("Test", test_was_sent, here),
    Check("Size of the audience", audience_is_usual, here),
]


@dataclass(frozen=True)
class Finding:
    """How a check came out: ``state`` is "fine", "stop" or "warning"."""

    label: str
    state: str
    words: str
    url: str


def inspect(issue: IssuePage) -> list[Finding]:
    """The whole checklist for the issue as it is in that object."""
    proof = Proof(issue)
    return [
        *(_finding(check, proof, "stop") for check in STOPS),
        *(_finding(check, proof, "warning") for check in WARNS),
    ]


def stops(issue: IssuePage) -> str:
    """The first thing that stops it, "" when nothing does."""
    proof = Proof(issue)
    return next((words for check in STOPS if (words := check.look(proof))), "")


def _finding(check: Check, proof: Proof, otherwise: str) -> Finding:
    words = check.look(proof)
    if not words:
        return Finding(check.label, "fine", "", "")
    return Finding(check.label, otherwise, words, check.place(proof))


def strings_in(data: Any) -> Iterator[str]:
    """Every text in a stream as it is stored, however deep."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from strings_in(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from strings_in(value)


def quoted(words: list[str]) -> str:
    some = ", ".join(f"«{word}»" for word in words[:5])
    return some + (f" and {len(words) - 5} more" if len(words) > 5 else "")


def look_at_others_pages() -> int:
    """The job: links of issues that may still go out; how many pages were looked at."""
    now = timezone.now()
    coming = IssuePage.objects.filter(issue_on__gte=timezone.localdate(), mailings=None)
    urls: list[str] = []
    for issue in coming.order_by("issue_on")[:20]:
        urls += Proof(issue.get_latest_revision_as_object()).hrefs
    return links.check(urls, now)
