"""One function per check: what is wrong with an issue, in words for its editor; "" when nothing is.

``checklist.py`` lists them all, with the place where each is put right. Nothing here asks the
network: others' pages are looked at by a job (link_checker.py).
"""

import re
from collections import Counter
from typing import Any

from django.conf import settings

from newsroom.address.site import disagreement
from newsroom.core.uris import to_uri
from newsroom.editing.checklist import quoted
from newsroom.first_steps import required
from newsroom.mail import providers
from newsroom.models import ArticlePage
from subscriptions.issues import link_checker, rendering
from subscriptions.issues.proof import Proof
from subscriptions.models import IssuePage, LinkCheck, ReaderImport
from subscriptions.readers.audience import size_of

NOTHING = "There is nothing in this issue that readers can see yet."
MOST_HTML = 90_000  # bytes: Gmail cuts a mail off at about 102 kB
LONG_SUBJECT, LONG_PREHEADER, MANY_LINKS = 60, 110, 40  # what phones and filters bear
LEAST_EACH = 1000  # readers: of 30 and 45 clicks per 1,000 a test can tell the difference
UNUSUAL = 0.1  # of the audience, more or less than last time
# What other systems' merge fields look like: {{ name }}, *|NAME|*, {name}, <<name>>, %name%.
MARKER = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|\*\|\w+\|\*|\{(?:first_?)?name\}|<<\w+>>|%(?:recipient[._]\w+|\w+name)%"
    r"|\(\(reader\.\w+\)\)",
    re.I,
)
SPAM = re.compile(
    r"\b(?:100% free|act now|buy now|cash bonus|click here|free money|guaranteed|limited time|"
    r"no obligation|order now|risk[- ]free|urgent|winner)\b|[!?]{2,}|\${2,}",
    re.I,
)


# --- What stops it --------------------------------------------------------------------------


def site_has_one_address(proof: Proof) -> str:
    return disagreement()


def subject_is_there(proof: Proof) -> str:
    return "" if proof.issue.subject.strip() else "Write a subject."


def it_says_something(proof: Proof) -> str:
    return NOTHING if proof.issue.is_empty else ""


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
        to_uri(proof.issue.full_url or ""),
        *(to_uri(piece.story.full_url or "") for piece in proof.stories if piece.story),
    }
    ours = [href for href in link_checker.ours(proof.hrefs) if href not in known]
    dead = [href for href in ours if not link_checker.leads_somewhere(href)]
    found = [f"These links lead nowhere: {quoted(dead)}."] if dead else []
    if proof.dead_links:
        found.append(f"Links to pages that are not published, or gone: {quoted(proof.dead_links)}.")
    return " ".join(found)


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
    domain = proof.newsletter.sender_domain
    if not settings.SENDER_DOMAINS or domain in settings.SENDER_DOMAINS:
        return ""
    allowed = ", ".join(settings.SENDER_DOMAINS)
    return f"{domain} may not send here; allowed: {allowed}. Change the newsletter's sender."


def provider_takes_it(proof: Proof) -> str:
    try:
        for rendered in (proof.rendered, proof.rendered_whole):
            rendering.check(rendered, providers.current())
    except rendering.Unsendable as reason:
        return str(reason)
    return ""


def it_is_not_the_last_one_again(proof: Proof) -> str:
    if proof.last is None:
        return ""
    before = proof.last.revision.as_object()
    same = before.subject == proof.issue.subject and matter(before) == matter(proof.issue)
    return f"This is “{before.title}” again: the same subject, the same content." if same else ""


def policy_is_published(proof: Proof) -> str:
    return required.policy()


def postal_address_is_there(proof: Proof) -> str:
    return required.postal_address()


def segment_is_as_chosen(proof: Proof) -> str:
    issue = proof.issue
    if issue.segment is None:
        return ""
    if issue.segment.newsletter_id != proof.newsletter.pk:
        return f"“{issue.segment}” is of another newsletter."
    return issue.segment.stops(issue.segment.readers, issue.segment_readers)


def matter(issue: IssuePage) -> list[Any]:
    """What it is about: its articles; without any, all of its words."""
    return issue.article_ids() or [(piece.block_type, piece.value) for piece in issue.body]


# --- What gives pause -----------------------------------------------------------------------


def subject_is_short(proof: Proof) -> str:
    length = len(proof.issue.subject)
    return f"{length} characters; phones show about 40." if length > LONG_SUBJECT else ""


def preheader_is_short(proof: Proof) -> str:
    if not proof.issue.preheader:
        return "None: inboxes show the subject a second time."
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
    variants = len(proof.issue.subjects)
    if variants < 2:
        return ""
    audience = size_of(proof.newsletter, proof.issue.segment)
    imports = ReaderImport.objects.not_mailed().filter(newsletter=proof.newsletter)
    newcomers = min(imports.brought(), audience)  # they get it in a warm-up, after the test
    each = proof.issue.sample_of(audience - newcomers) // variants
    if each >= LEAST_EACH:
        return ""
    but = f" Up to {newcomers:,} who came by an import are in no test." if newcomers else ""
    chance = f"below {LEAST_EACH:,} chance decides, not they."
    why = chance if each else "all get the issue’s own."
    return f"Each subject goes to {each:,} readers; {why}{but}"


def pictures_are_described(proof: Proof) -> str:
    names = [image.title for image in proof.undescribed]
    return f"For those who don't see them, describe {quoted(names)}." if names else ""


def pictures_can_be_shown(proof: Proof) -> str:
    names = [image.title for image in proof.broken]
    if not names:
        return ""
    return f"Left out, as their files are gone or damaged: {quoted(names)}. Upload them again."


def links_are_few(proof: Proof) -> str:
    count = len(proof.hrefs)
    return f"{count} links; above {MANY_LINKS} filters grow wary." if count > MANY_LINKS else ""


def whole_articles_fit(proof: Proof) -> str:
    short = proof.rendered_whole.shortened
    if not short:
        return ""
    return (
        f"Above {rendering.MOST_WHOLE // 1000} kB Gmail cuts it off, so readers who want whole "
        f"articles get teasers of {quoted(short)}. Put first what should be whole."
    )


def others_pages_answer(proof: Proof) -> str:
    external = link_checker.external(proof.hrefs)
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
    if not before or (proof.last and proof.last.segment_id != proof.issue.segment_id):
        return ""
    now = size_of(proof.newsletter, proof.issue.segment)
    if abs(now - before) <= before * UNUSUAL:
        return ""
    shown = proof.issue.segment.shown if proof.issue.segment else f"{now:,}"
    return f"{shown} readers; the last issue went to {before:,}."
