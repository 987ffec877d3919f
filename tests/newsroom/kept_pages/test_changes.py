"""Which pages are forgotten when something changes: each that shows it, and no other."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from wagtail.models import PageViewRestriction

from donations.models import Appeal
from newsroom.core.postgresql import base
from newsroom.hold import gate
from newsroom.kept_pages import changes
from newsroom.models import (
    ArticleByline,
    ArticlePage,
    Author,
    Correction,
    CreditedImage,
    Masthead,
    PolicyPage,
    RelatedArticle,
    SectionPage,
    Series,
)
from tests.factories import (
    arrange,
    make_appeal,
    make_article,
    make_image,
    make_issue,
    make_site,
    make_subscriber,
)
from tests.newsroom.kept_pages.reader import process, until

OF_CITY = {"city", "city feed", "its article", "its data", "its author", "its topic"}
# Types, languages of pages, and what trust.py asks; when staff last acted, for a feed's date: what
# they did is heard of itself.
NO_CONTENT = {
    "django_content_type",
    "wagtailcore_locale",
    "closed_closure",
    "newsroom_untoldchange",
    "wagtailcore_pagelogentry",
    "wagtailcore_modellogentry",
}
OF_ALL = {"front", "feed", "sitemap", "news sitemap"}


class Paper:
    """Two sections, an article in each, and every page that lists one."""

    def __init__(self) -> None:
        site = make_site()
        make_appeal()
        self.home, self.city, self.newsletter = site.home, site.section, site.newsletter
        self.far = site.home.add_child(instance=SectionPage(title="World", slug="world"))
        self.article = self.written(self.city, "its")
        self.picture = make_image("a square")
        self.other = self.written(self.far, "other")
        pages = {"front": "/", "feed": "/feed/", "sitemap": "/sitemap.xml"}
        pages |= {"news sitemap": "/news-sitemap.xml", "text": "/privacy/"}
        pages |= {"city": self.city.url, "city feed": "/politics/feed/", "world": self.far.url}
        pages |= {"its article": self.article.url, "other article": self.other.url}
        pages["its data"] = f"/api/v2/articles/{self.article.pk}/"
        for name in ("its", "other"):
            pages |= {f"{name} author": f"/author/{name}/", f"{name} topic": f"/topic/{name}/"}
        self.pages = pages

    def written(self, section: SectionPage, name: str) -> ArticlePage:
        author = Author.objects.create(name=name, slug=name)
        article = make_article(section, title=f"Of {name}", slug=f"of-{name}")
        article.bylines.add(ArticleByline(author=author))
        article.tags.add(name)
        article.save()
        return article

    def kept(self, web) -> None:
        for url in self.pages.values():
            until(lambda url=url: web.get(url).was_kept, 20)

    def forgotten(self, web) -> set[str]:
        return {name for name, url in self.pages.items() if not web.get(url).was_kept}


@pytest.fixture
def paper(web):
    paper = Paper()
    paper.kept(web)
    return paper


def published(article: ArticlePage, **changes) -> None:
    article = ArticlePage.objects.get(pk=article.pk)
    for name, value in changes.items():
        setattr(article, name, value)
    article.save_revision().publish()


def heard(web, before) -> None:
    assert web.knows() and web.pages.purges.last != before


def after(web, paper, change) -> set[str]:
    """What Django had to make anew after that."""
    before = web.pages.purges.last
    change()
    heard(web, before)
    return paper.forgotten(web)


def test_each_change_of_an_article_reaches_the_pages_it_was_and_is_on(web, paper) -> None:
    article = paper.article
    edited = after(web, paper, lambda: published(article, title="Corrected"))
    assert edited == OF_CITY | OF_ALL
    assert "Corrected" in web.get("/").text and "Corrected" in web.get("/topic/its/").text

    paper.kept(web)
    new = after(web, paper, lambda: make_article(paper.city, title="Newest"))
    assert new == {"city", "city feed", "its article"} | OF_ALL  # “Read on”, below the article

    paper.kept(web)
    gone = after(web, paper, lambda: ArticlePage.objects.get(pk=article.pk).unpublish())
    assert gone == OF_CITY | OF_ALL
    assert web.get(article.url).status == web.get("/topic/its/").status == 404
    for url in ("/", "/feed/", "/sitemap.xml", "/news-sitemap.xml", paper.city.url):
        assert "of-its" not in web.get(url).text, url


def test_an_author_or_topic_that_is_added_or_taken_away_is_told(web, paper) -> None:
    def sign() -> None:
        article = ArticlePage.objects.get(pk=paper.article.pk)
        article.bylines.set([ArticleByline(author=Author.objects.get(slug="other"))])
        article.tags.set(["other"])
        article.save()

    found = after(web, paper, sign)
    read_on = "other article"  # which has what shares its topic
    assert found == OF_CITY | OF_ALL | {"other author", "other topic", read_on}
    assert web.get("/author/its/").status == 404 and "Of its" in web.get("/author/other/").text


def test_a_part_that_comes_out_is_told_where_its_series_is_seen(web, paper) -> None:
    series = Series.objects.create(title="The dam", slug="dam")
    published(paper.other, series=series, series_part=1)
    paper.pages |= {"series": "/series/dam/", "series feed": "/series/dam/feed/"}
    part = make_article(paper.city, series=series, series_part=2, live=False)
    paper.kept(web)
    found = after(web, paper, lambda: part.save_revision().publish())
    assert found == OF_ALL | {
        *("city", "city feed", "its article", "other article", "series", "series feed")
    }
    assert "Part 1 of 2" in web.get(paper.other.url).text


def test_a_draft_changes_nothing(web, paper) -> None:
    def write() -> None:
        draft = make_article(paper.city, live=False)
        draft.save_revision()
        article = ArticlePage.objects.get(pk=paper.article.pk)
        article.title = "Not yet"
        article.save_revision()
        make_issue(paper.newsletter, [article])
        make_subscriber()
        with transaction.atomic():
            published(article, title="Taken back")
            transaction.set_rollback(True)

    before = web.pages.purges.last
    write()
    Appeal.objects.filter(pk=-1).update(title="the next purge")
    heard(web, before)
    assert web.pages.purges.of.keys() >= {"*"}
    assert sum(moment > before for moment in web.pages.purges.of.values()) == 1


@pytest.mark.parametrize(
    "what", ["rename", "move", "delete", "restrict", "masthead", "policy", "focus", "sql", "hold"]
)
def test_what_is_rare_purges_all(what, web, paper) -> None:
    article = ArticlePage.objects.get(pk=paper.article.pk)
    changes = {
        "rename": lambda: Author.objects.filter(slug="its").update(name="Another"),
        "move": lambda: article.move(paper.far, pos="last-child"),
        "delete": article.delete,
        "restrict": lambda: PageViewRestriction.objects.create(
            page=article, restriction_type=PageViewRestriction.LOGIN
        ),
        "policy": lambda: PolicyPage.objects.get().unpublish(),
        "focus": lambda: CreditedImage.objects.filter(pk=paper.picture.pk).update(focal_point_x=3),
        "hold": lambda: gate.begin("a restore"),
        "masthead": lambda: Masthead(name="New name").save(),
        "sql": lambda: ArticlePage.objects.filter(pk=article.pk).update(deck="By hand"),
    }
    assert after(web, paper, changes[what]) == set(paper.pages)
    if what == "policy":  # nothing that readers could agree to
        assert "/signup/" not in web.get(article.url).text
    if what in ("move", "delete", "restrict"):
        assert web.get(article.url if what != "move" else paper.pages["its article"]).status in (
            301,
            404,
        )


def test_new_address_of_an_article_is_known_at_once(web, paper) -> None:
    found = after(web, paper, lambda: published(paper.article, slug="renamed"))
    assert found == OF_CITY | OF_ALL
    assert (
        web.get("/politics/of-its/").status == 301 and web.get("/politics/renamed/").status == 200
    )
    assert "/politics/renamed/" in web.get("/").text


def test_what_is_chosen_before_it_is_out_shows_when_it_is(web, paper) -> None:
    draft = make_article(paper.city, title="Of tomorrow", live=False)
    other = ArticlePage.objects.get(pk=paper.other.pk)
    other.related_articles.add(RelatedArticle(article=draft))
    other.save()
    paper.kept(web)
    found = after(web, paper, lambda: published(draft, published_at=timezone.now()))
    assert "other article" in found and "Of tomorrow" in web.get(other.url).text


def test_pages_read_no_table_that_could_change_unheard(web, paper, monkeypatch) -> None:
    """Of each kind of page; but for what is no content of it."""
    article = ArticlePage.objects.get(pk=paper.article.pk)
    article.lead_image = paper.picture
    article.corrections.add(Correction(text="It was Tuesday.", corrected_on=timezone.localdate()))
    article.save()
    issue = make_issue(paper.newsletter, [article], "<p>Hello</p>")
    issue.save_revision().publish()
    more = [issue.url, paper.newsletter.url, f"{paper.newsletter.url}feed/", "/newsletter/"]
    monkeypatch.setattr(base, "watchers", [*base.watchers, lambda sql: seen.append(str(sql))])
    seen: list[str] = []
    for url in (*paper.pages.values(), *more):
        until(lambda url=url: web.get(url).was_kept, 20)
    asked = " ".join(seen)
    read = set(re.findall(r'(?:FROM|JOIN) "?(\w+)', asked)) - set(
        re.findall(r"WITH RECURSIVE (\w+)", asked)
    )
    assert {"newsroom_articlepage", "newsroom_correction", "subscriptions_issuepage"} <= read
    assert read - frozenset.union(*changes.tables()) <= NO_CONTENT


def test_every_process_hears_of_it(web, paper) -> None:
    with process() as second:
        paper.kept(second)
        assert second.made == []  # it took them from Redis
        before = second.pages.purges.last
        published(paper.article, title="Corrected")
        heard(second, before)
        assert "Corrected" in second.get(paper.article.url).text


def test_page_that_was_being_made_while_it_changed_is_not_kept(web, paper, monkeypatch) -> None:
    """Its text was read before the change, and comes after it."""
    answer_to = web.pages.answer_to

    async def slowly(scope):
        answer = await answer_to(scope)
        if not changed:
            changed.append(True)
            await web.loop.run_in_executor(
                None, lambda: published(paper.article, title="Corrected")
            )
        return answer

    changed: list[bool] = []
    before = web.pages.purges.last
    published(paper.article, title="First")
    heard(web, before)
    before = web.pages.purges.last
    monkeypatch.setattr(web.pages, "answer_to", slowly)
    assert "Corrected" in web.get(paper.article.url).text


def test_lists_beside_the_sections_are_forgotten_when_what_they_show_changes(web, paper) -> None:
    day = timezone.now()
    paper.pages |= {"archive": "/archive/", "month": f"/archive/{timezone.localdate():%Y/%m}/"}
    old = make_article(paper.far, slug="old", published_at=day - timedelta(days=99))
    paper.pages |= {"old month": f"/archive/{timezone.localdate(old.published_at):%Y/%m}/"}
    paper.pages |= {"corrections": "/corrections/"}
    of_lists = {"archive", "month"}
    paper.kept(web)
    new = after(web, paper, lambda: make_article(paper.city, title="Newest"))
    assert new == {"city", "city feed", "its article"} | OF_ALL | of_lists

    def correct(article: ArticlePage) -> None:
        article = ArticlePage.objects.get(pk=article.pk)
        article.corrections.add(Correction(text="It was Tuesday.", corrected_on=day.date()))
        article.save_revision().publish()

    paper.kept(web)  # the first is linked at the foot of each page
    assert after(web, paper, lambda: correct(paper.article)) == set(paper.pages)
    assert 'href="/corrections/"' in web.get("/privacy/").text
    assert "It was Tuesday" in web.get("/corrections/").text
    paper.kept(web)
    found = after(web, paper, lambda: correct(old))
    assert found == {"corrections", "old month", "world", "other article"} | OF_ALL
    assert web.get("/corrections/").text.count("It was Tuesday") == 2


def test_arranged_front_page_hears_of_what_its_rules_look_for(web, paper) -> None:
    topic = paper.other.tags.get()
    hidden = make_article(paper.city, title="Of tomorrow", live=False)
    pins = {"lead": {"article": hidden.pk}, "count": 0}
    arrange(paper.home, ("top", pins), ("articles", {"topic": topic.pk, "count": 9}),
            ("articles", {"by": "picks", "count": 1}))  # fmt: skip
    paper.kept(web)
    published(paper.article, pick=True)
    assert web.knows() and "front" in paper.forgotten(web)
    paper.kept(web)

    def tag() -> None:
        article = ArticlePage.objects.get(pk=paper.article.pk)
        article.tags.add(topic)
        article.save()

    assert "front" in after(web, paper, tag)
    paper.kept(web)
    assert "front" in after(web, paper, lambda: published(hidden, published_at=timezone.now()))
    assert web.get("/").text.index("Of tomorrow") < web.get("/").text.index("Of its")


def test_pin_that_ends_takes_the_page_along(web, paper) -> None:
    ends = timezone.now() + timedelta(seconds=6)
    pin = {"article": paper.other.pk, "until": ends.isoformat()}
    make_article(paper.city, title="Newest")
    arrange(paper.home, ("top", {"lead": pin, "count": 0}))
    until(lambda: web.get("/").was_kept, 5)
    assert "Of other" in web.get("/").text
    until(lambda: timezone.now() > ends, 10)
    assert "Of other" not in web.get("/").text
