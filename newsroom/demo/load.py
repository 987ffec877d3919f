"""The demo's pages: front page, sections, articles, the plain texts."""

import json
from datetime import timedelta
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files.images import ImageFile
from django.utils import timezone
from django.utils.text import slugify
from wagtail.models import Page, Site

from newsroom.address.site import follow
from newsroom.demo import images
from newsroom.demo.articles import SECTIONS, SERIES, STORIES, Story
from newsroom.demo.people import AUTHORS, LOGINS
from newsroom.live import writing
from newsroom.models import (
    ArticleByline,
    ArticlePage,
    Author,
    Correction,
    CreditedImage,
    HomePage,
    LiveEntry,
    Masthead,
    PolicyPage,
    RelatedArticle,
    SectionPage,
    Series,
    TextPage,
)

ABOUT = """<p>The Meridian is made by journalists from Karvia, inside the country and out of it. We
are free to read, we carry no advertising, and we belong to nobody.</p><p>At home we are on the
register of “undesirable” organisations. Whoever works for us or gives to us there can be
prosecuted. So we ask for little, keep less, and encrypt what we keep.</p>"""
POLICY = """<p>We keep as little as we can.</p><h2>When you read</h2><p>We count how
often each article is opened and each link in a newsletter followed, not by whom. There are no
third parties and no cookies, except one. It remembers until when you do not want to be asked for
support, how often you said “not today” and when last, how many articles you have read this month
(we count to three), the day of the last banner, and a number by chance from 0 to 99, with which we
try out how to ask. It names no one.</p><h2>When you subscribe</h2><p>Your e-mail address,
encrypted, and when and how you agreed to this policy. You can leave with one click; then no
further issue is sent.</p><h2>When you give</h2><p>Your payment is handled by Stripe; we never see
your card. We keep your name and address encrypted, and what the law on accounts demands.</p>
<h2>When you ask us to remind you</h2><p>Your address, encrypted, and what
you chose, for the mails that you have agreed to.</p>"""


def load() -> None:
    for login in LOGINS:
        _staff(login.username, login.group)
    masthead = Masthead.load()
    masthead.name = "The Meridian"
    masthead.motto = "News of Karvia that Karvia does not print"
    masthead.postal_address = "c/o Free Press House, Example Street 1, 10115 Berlin"
    masthead.contact_email = "letters@example.org"
    masthead.save()
    home = _front_page()
    follow()
    authors = [
        Author.objects.get_or_create(name=name, defaults={"role": role})[0]
        for name, role in AUTHORS
    ]
    sections = {}
    for slug, title, introduction in SECTIONS:
        section = SectionPage(title=title, slug=slug, introduction=introduction, show_in_menus=True)
        sections[slug] = home.add_child(instance=section)
    home.add_child(instance=TextPage(title="About us", slug="about", body=ABOUT))
    policy = PolicyPage(title="Privacy policy", slug="privacy", body=POLICY, version="2026-11")
    home.add_child(instance=policy)
    title, introduction = SERIES
    series = Series.objects.create(title=title, slug=slugify(title), introduction=introduction)
    articles = [
        _article(sections[story.section], story, number, authors, series)
        for number, story in reversed(list(enumerate(STORIES)))
    ]
    _relate(articles)


def _staff(username: str, group: str | None) -> None:
    user, new = get_user_model().objects.get_or_create(
        username=username,
        defaults={
            "email": f"{username}@example.org",
            "first_name": username.capitalize(),
            "last_name": "(demo)",
            "is_superuser": group is None,
            "is_staff": group is None,
            "demo": True,
        },
    )
    if new:
        user.set_password(username)
        user.save()
    if group:
        user.groups.add(Group.objects.get(name=group))


def _front_page() -> HomePage:
    """Take the place of Wagtail's “Welcome” page."""
    root = Page.get_first_root_node()
    home = root.add_child(instance=HomePage(title="The Meridian", slug="front"))
    site = Site.objects.get(is_default_site=True)
    welcome = site.root_page
    site.root_page, site.site_name = home, "The Meridian"
    site.save()
    welcome.delete()
    return home


def _article(
    section: SectionPage, story: Story, number: int, authors: list[Author], series: Series
) -> ArticlePage:
    published_at = timezone.now() - timedelta(days=story.days_ago)
    picture = CreditedImage(title=story.headline[:100], credit="Drawing: The Meridian")
    picture.description = f"Drawing: hills and sky above {section.title.lower()}"
    picture.file = ImageFile(
        images.draw(story.section, number), name=f"{story.section}-{number}.jpg"
    )
    picture.save()
    article = ArticlePage(
        title=story.headline,
        deck=story.deck,
        lead_image=picture,
        caption="As our illustrator sees it",
        body=json.dumps(_body(story)),
        kind=story.kind,
        series=series if story.part else None,
        series_part=story.part,
        wire_credit=story.wire,
        published_at=published_at,
        first_published_at=published_at,
        last_published_at=published_at,
        bylines=[
            ArticleByline(author=authors[place], sort_order=order)
            for order, place in enumerate(story.authors)
        ],
        corrections=[Correction(corrected_on=timezone.localdate(), text=story.correction)]
        if story.correction
        else [],
    )
    section.add_child(instance=article)
    article.tags.add(*story.tags)
    article.save()
    for update in story.updates:
        entry = LiveEntry(headline=update.headline, text=update.text, key=uuid4())
        entry.is_key_point = update.is_key_point
        entry.at = published_at + timedelta(hours=update.hours)
        writing.add(article, entry)
    return article


def _body(story: Story) -> list[dict[str, object]]:
    first, *rest = story.text
    blocks: list[dict[str, object]] = [{"type": "text", "value": f"<p>{first}</p>"}]
    if story.quote:
        text, who = story.quote
        blocks.append({"type": "quote", "value": {"text": text, "who": who}})
    if story.points:
        blocks.append({"type": "list", "value": list(story.points)})
    blocks.append({"type": "text", "value": "".join(f"<p>{text}</p>" for text in rest)})
    if story.table:
        table = {
            "data": story.table,
            "first_row_is_table_header": True,
            "first_col_is_header": False,
            "table_header_choice": "row",
            "table_caption": "",
        }
        blocks.append({"type": "table", "value": table})
    if story.chart:
        blocks.append({"type": "chart", "value": story.chart})
    if story.embed:
        url, title = story.embed
        blocks.append({"type": "embed", "value": {"url": url, "title": title}})
    return blocks


def _relate(articles: list[ArticlePage]) -> None:
    """Each article points to one of another section, so that readers wander; then it is complete,
    and its only revision is the one that is published."""
    for article, other in zip(articles, articles[6:] + articles[:6], strict=True):
        article.related_articles.add(RelatedArticle(article=other))
        article.save_revision(clean=False).publish()
