"""Other scripts than Latin, from the editor to the inbox: whatever the admin proposes works."""

import email
import email.policy
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr
from html import unescape
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from threading import Thread
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from PIL import Image
from wagtail.models import Page
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text, streamfield

from newsroom.models import ArticlePage, Attachment, Author, CreditedImage, DailyReads, SectionPage
from newsroom.publishing import reads
from subscriptions.issues import checklist, link_checker, rendering
from subscriptions.models import IssueLink, IssuePage, LinkCheck, Newsletter
from tests.factories import make_frozen, make_subscription, make_user
from tests.sending import send_all
from tests.subscriptions.sending.test_mime import received

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("site", "mail_sandbox"),
    pytest.mark.costly,
]


@dataclass(frozen=True)
class Words:
    """One newsroom's own."""

    section: str
    article: str
    newsletter: str
    subject: str
    author: str
    tag: str
    picture: str


SCRIPTS = {
    "cyrillic": Words(
        "Политика", "Хлеб и соль: цены «растут»", "Еженедельник", "Почему хлеб дорожает, и кто за"
        " это заплатит этой осенью?", "Анна Ёлкина", "хлеб", "Пекарня, рассвет",
    ),
    "arabic": Words(
        "السياسة", "الخبز والملح: الأسعار ترتفع", "النشرة الأسبوعية", "لماذا يرتفع سعر الخبز، ومن"
        " سيدفع الثمن في هذا الخريف؟", "ليلى الأحمد", "خبز", "المخبز عند الفجر",
    ),
    "georgian": Words(
        "პოლიტიკა", "პური და მარილი", "კვირის ამბები", "რატომ ძვირდება პური და ვინ გადაიხდის ამას"
        " ამ შემოდგომაზე?", "ნინო ბერიძე", "პური", "საცხობი გამთენიისას",
    ),
    "chinese": Words(
        "政治", "面包与盐：价格上涨", "每周通讯", "面包为什么涨价，今年秋天谁来买单？" * 3,
        "王小明", "面包", "黎明的面包店",
    ),
}  # fmt: skip


@pytest.fixture(params=SCRIPTS)
def words(request: Any) -> Words:
    return SCRIPTS[request.param]


def slug_of(title: str) -> str:
    """As the admin proposes it."""
    return slugify(title, allow_unicode=True)


def nothing(*names: str) -> dict[str, Any]:
    return {name: inline_formset([]) for name in (*names, "comments")}


class Desk:
    """An editor at the admin's forms."""

    def __init__(self, client: Any) -> None:
        self.client = client
        client.force_login(make_user(None))

    def publish(self, model: Any, parent: Any, fields: dict[str, Any]) -> Any:
        label = (model._meta.app_label, model._meta.model_name)
        url = reverse("wagtailadmin_pages:add", args=[*label, parent.pk])
        fields = {"slug": slug_of(fields["title"]), "action-publish": "1"} | fields
        answer = self.client.post(url, nested_form_data(fields))
        assert answer.status_code == 302, answer.context and answer.context["form"].errors
        return model.objects.child_of(parent).get(title=fields["title"])

    def picture(self, words: Words) -> CreditedImage:
        drawn = BytesIO()
        Image.new("RGB", (640, 360), "teal").save(drawn, "JPEG")
        file = SimpleUploadedFile(f"{words.picture}.jpg", drawn.getvalue(), "image/jpeg")
        form = {"title": words.picture, "description": words.picture, "credit": words.author}
        answer = self.client.post(reverse("wagtailimages:add"), form | {"file": file})
        assert answer.status_code == 302, answer.context["form"].errors
        return CreditedImage.objects.get(title=words.picture)

    def document(self, words: Words) -> Attachment:
        file = SimpleUploadedFile(f"{words.article}.txt", words.subject.encode(), "text/plain")
        form = {"title": words.article, "file": file}
        answer = self.client.post(reverse("wagtaildocs:add"), form)
        assert answer.status_code == 302, answer.context["form"].errors
        return Attachment.objects.get(title=words.article)


@pytest.fixture
def desk(client: Any) -> Desk:
    return Desk(client)


@dataclass
class Paper:
    section: SectionPage
    article: ArticlePage
    newsletter: Newsletter
    issue: IssuePage
    document: Attachment
    pasted: str  # a link as an editor pastes it


@pytest.fixture
def paper(desk: Desk, site: Any, words: Words, settings: Any) -> Paper:
    """All that a newsroom of that script publishes, by the admin's forms."""
    section = desk.publish(
        SectionPage,
        site.home,
        {"title": words.section, "introduction": words.article, "show_in_menus": "on"} | nothing(),
    )
    image, document = desk.picture(words), desk.document(words)
    author = Author.objects.create(name=words.author)
    linked = f'<p>{words.subject} <a linktype="document" id="{document.pk}">{words.tag}</a></p>'
    byline = inline_formset([{"author": author.pk, "ORDER": 1}])
    article = desk.publish(
        ArticlePage,
        section,
        {"title": words.article, "deck": words.subject, "lead_image": image.pk}
        | {"body": streamfield([("text", rich_text(linked))]), "tags": words.tag}
        | nothing("related_articles", "corrections")
        | {"bylines": byline},
    )
    newsletter = desk.publish(
        Newsletter,
        site.newsletter.get_parent(),
        {"title": words.newsletter, "tagline": words.subject, "about": rich_text("<p></p>")}
        | {"sender_name": f"{words.newsletter}, «{words.tag}»", "send_time": "09:00", "weekday": 4}
        | {"sender_address": "news@пример.example", "reply_to": "editors@пример.example"}
        | {"time_zone": "Europe/Berlin", "drafting_weekday": 2, "grace_hours": 3, "language": "en"}
        | {"accent": "#005a70", "accent_dark": "#7fd0e8", "canary_minutes": 0, "settle_days": 0}
        | nothing("holidays", "rules", "welcomes", "words"),
    )
    newsletter = Newsletter.objects.get(pk=newsletter.pk)
    pasted = f"{settings.BASE_URL}/{words_path(article)}"
    place = words.article.replace(" ", "_")
    elsewhere = f"https://пример.example/{place}?q={words.tag}#{words.tag}"
    letter = f'<p><a href="{pasted}">{words.tag}</a> <a href="{elsewhere}">{words.author}</a></p>'
    article_block = {"article": article.pk, "headline": "", "teaser": "", "image": ""}
    issue = desk.publish(
        IssuePage,
        newsletter,
        {"title": words.subject[:60], "issue_on": timezone.localdate() + timedelta(days=1)}
        | {"subject": words.subject, "preheader": words.article}
        | {"body": streamfield([("letter", rich_text(letter)), ("article", article_block)])}
        | {"sample_percent": 20, "test_minutes": 120}
        | nothing("other_subjects"),
    )
    return Paper(section, article, newsletter, issue, document, elsewhere)


def words_path(page: Any) -> str:
    """As people read it in their browser."""
    return unquote(urlsplit(page.full_url).path).lstrip("/")


def raw(client: Any, path: str) -> Any:
    """By a client that sends UTF-8 as it is."""
    return client.get("/", PATH_INFO=path.encode().decode("latin-1"))


def test_pages_feeds_and_machines_have_addresses_that_answer(
    client: Any, site: Any, paper: Paper, words: Words
) -> None:
    client.logout()
    below = f"/newsletter/{paper.newsletter.slug}/"
    ours = [paper.section.url, paper.article.url, paper.newsletter.url, paper.issue.url]
    ours += [f"{below}feed/", f"{below}signup/", f"{below}check-your-inbox/", "/newsletter/", "/"]
    for url in ours:
        for answer in (client.get(quote(unquote(url))), raw(client, unquote(url))):
            assert answer.status_code == 200, url
    page = client.get(paper.article.url).text
    full = paper.article.full_url
    assert full.isascii()
    assert f'<link rel="canonical" href="{full}">' in page
    assert f'<meta property="og:url" content="{full}">' in page
    assert words.picture in page and words.author in page
    section = client.get(paper.section.url).text
    assert f'<a href="{paper.section.url}" aria-current="page">' in section
    for url in ("/feed/", "/sitemap.xml", "/news-sitemap.xml"):
        assert full in client.get(url).text, url
    feed = client.get(f"{below}feed/").text
    assert paper.issue.full_url in feed
    addresses = re.findall(r'(?:href|<id>)="?([^"<]*)', feed)
    assert [found for found in addresses if not found.isascii()] == []
    issue = client.get(paper.issue.url)
    [data] = re.findall(r'ld\+json">(.*?)</script>', issue.text, re.S)
    about = json.loads(data)
    assert (about["url"], about["name"]) == (paper.issue.full_url, words.subject)
    assert about["hasPart"][0]["url"] == full
    for query in (words.tag, words.tag.upper(), words.author, words.section):
        assert client.get("/search/", {"q": query}).status_code == 200
    got = client.get(paper.document.url)
    assert b"".join(got.streaming_content).decode() == words.subject
    assert got["Content-Disposition"].isascii()


def test_search_finds_words_and_tags_lead_to_it(client: Any, paper: Paper, words: Words) -> None:
    page = client.get(paper.article.url).text
    [tag] = re.findall(r'class="tags"><a href="([^"]*)"', page)
    assert words.article in client.get(unescape(tag)).text
    first = re.findall(r"\w+", words.article)[0]
    for query in (first, first.lower(), first.upper(), first[:2] if words.tag == "面包" else first):
        page = re.sub("</?mark>", "", client.get("/search/", {"q": query}).text)
        assert words.article in page, query


def test_reader_signs_up_and_is_welcomed(
    client: Any, paper: Paper, words: Words, committing: Any, inbox: Any
) -> None:
    url = f"/newsletter/{paper.newsletter.slug}/signup/"
    form = {"email": f"r{paper.newsletter.pk}@example.org", "consent": "on"}
    wrong = client.post(url, form | {"email": "nobody"})
    assert wrong.status_code == 422 and words.newsletter in wrong.text
    with committing():
        answer = client.post(url, form)
    assert answer.status_code == 302 and answer["Location"].isascii()
    assert "Check your inbox" in client.get(answer["Location"]).text
    [mail] = inbox.to(form["email"])
    assert words.newsletter in mail["subject"]
    path = re.search(r"/newsletter/confirm/\S+", mail["text"])[0]  # type: ignore[index]
    with committing():
        assert client.post(path).status_code == 200
    [welcome, _] = inbox.to(form["email"])
    assert words.newsletter in welcome["subject"] and paper.issue.full_url in welcome["text"]
    assert client.get(paper.issue.full_url).status_code == 200
    own = re.search(r"/newsletter/preferences/\S+", welcome["text"])
    if own:
        left = client.post(own[0], {"newsletter": paper.newsletter.slug, "leave": "1"})
        assert left.status_code == 302


def hrefs_of(html: str) -> list[str]:
    return [unescape(url) for url in re.findall(r'href="([^"]*)"', html)]


def counted_links_lead_on(client: Any, html: str, paper: Paper) -> None:
    go = [urlsplit(url).path for url in hrefs_of(html) if "/newsletter/go/" in url]
    places = {urljoin(paper.article.full_url, client.get(path)["Location"]) for path in go}
    assert all(place.isascii() for place in places)
    assert paper.article.full_url in places
    [other] = [place for place in places if "xn--e1afmkfd.example" in place]
    assert unquote(other) == paper.pasted.replace("пример.example", "xn--e1afmkfd.example")


def test_issue_goes_out_by_api(client: Any, paper: Paper, words: Words, inbox: Any) -> None:
    reader = make_subscription(paper.newsletter).subscriber.email
    make_frozen(paper.issue)
    send_all()
    [mail] = inbox.to(reader)
    assert mail["subject"] == words.subject
    assert words.article in mail["html"] and words.article in mail["text"]
    rendered = rendering.render_issue(paper.issue)
    for html in (mail["html"], rendered.html):
        assert all(url.isascii() for url in hrefs_of(html))
    assert paper.pasted.split("/")[3].partition("?")[0] in unquote(rendered.html)
    assert all(word.isascii() for word in mail["text"].split() if word.startswith("http"))
    said = (f"{words.newsletter}, «{words.tag}»", "news@xn--e1afmkfd.example")
    assert parseaddr(mail["headers"]["From"]) == said
    assert mail["headers"]["List-Id"].isascii()
    assert mail["headers"]["List-Id"].endswith(
        f" <newsletter-{paper.newsletter.pk}.xn--e1afmkfd.example>"
    )
    counted_links_lead_on(client, mail["html"], paper)
    assert IssueLink.objects.filter(url=paper.article.full_url).count() == 1


def test_issue_and_single_mails_go_out_by_smtp(
    client: Any, paper: Paper, words: Words, server: Any, committing: Any
) -> None:
    server.pipelining = False  # and no 8BITMIME
    reader = make_subscription(paper.newsletter).subscriber.email
    make_frozen(paper.issue)
    send_all()
    url = f"/newsletter/{paper.newsletter.slug}/signup/"
    with committing():
        client.post(url, {"email": "new@example.org", "consent": "on"})
    issue, confirm = server.taken
    for taken in (issue, confirm):
        head, _, _ = taken.raw.partition(b"\r\n\r\n")
        assert taken.raw.isascii() and max(map(len, taken.raw.split(b"\r\n"))) <= 998
        assert not re.search(rb"(?m):[ \t]*\r$", head)
    mail = received(issue.raw)
    assert (issue.to, mail["Subject"]) == (reader, words.subject)
    assert mail["From"].addresses[0].addr_spec == "news@xn--e1afmkfd.example"
    plain = email.message_from_bytes(issue.raw)
    assert plain["List-Id"].endswith(f"<newsletter-{paper.newsletter.pk}.xn--e1afmkfd.example>")
    assert plain["Reply-To"] == "editors@xn--e1afmkfd.example"
    assert plain["Message-ID"].endswith("@xn--e1afmkfd.example>")
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert words.article in html
    counted_links_lead_on(client, html, paper)
    asked = email.message_from_bytes(confirm.raw, policy=email.policy.default)
    assert words.newsletter in asked["Subject"]
    assert words.newsletter in asked.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_checklist_knows_live_pages_and_looks_at_others(paper: Paper, monkeypatch: Any) -> None:
    words = [finding.words for finding in checklist.inspect(paper.issue)]
    assert not [said for said in words if "lead nowhere" in said]
    for path in (paper.article.url, unquote(paper.article.url), paper.article.full_url):
        assert link_checker.leads_somewhere(path), path
        assert not link_checker.leads_somewhere(path.rstrip("/") + "ж/")
    asked: list[str] = []
    monkeypatch.setattr(link_checker, "look_at", lambda url, by: asked.append(url) or "")
    checklist.look_at_others_pages()
    [url] = asked
    assert url.isascii() and url.startswith("https://xn--e1afmkfd.example/")


def test_page_of_others_is_asked_for_in_ascii(paper: Paper, monkeypatch: Any) -> None:
    asked: list[str] = []

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.headers['Host']}{self.path}")
            self.send_response(200 if self.path.isascii() else 400)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Other)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(link_checker, "public_address", lambda host, port: "127.0.0.1")
    place = f"пример.example:{server.server_port}/{paper.article.slug}/"
    found = link_checker.hrefs(f'<a href="http://{place}">x</a>')
    assert link_checker.check(found, timezone.now()) == 1
    server.shutdown()
    assert asked == [f"xn--e1afmkfd.example:{server.server_port}/{quote(paper.article.slug)}/"]
    assert LinkCheck.objects.get().problem == ""


def test_renamed_pages_are_redirected_to(
    client: Any, paper: Paper, words: Words, django_capture_on_commit_callbacks: Any
) -> None:
    olds = [paper.article.url, paper.issue.url]
    with django_capture_on_commit_callbacks(execute=True):
        for page in (paper.section, paper.newsletter):
            page = Page.objects.get(pk=page.pk).specific
            page.slug = f"{page.slug}-{words.tag}"
            page.save()
    for old in olds:
        for path in (old, quote(unquote(old)).lower()):
            answer = client.get(path)
            assert answer.status_code == 301 and answer["Location"].isascii(), path
            assert client.get(answer["Location"]).status_code == 200
        assert link_checker.leads_somewhere(old)


def test_reader_comes_back_to_the_page_they_were_on(client: Any, paper: Paper) -> None:
    here = unquote(paper.article.url)
    for back in ({"back": here}, {"back": paper.article.url}):
        answer = client.post("/support/remind-me/", back | {"when": "week"})
        assert answer.status_code == 200
        assert paper.article.url in re.findall(r'href="([^"]*)"', answer.text)


def test_reads_are_counted_and_reports_taken_away(client: Any, paper: Paper, words: Words) -> None:
    client.post(f"/read/{paper.article.pk}/", HTTP_SEC_FETCH_SITE="same-origin")
    assert reads.move_to_database() == 1
    assert DailyReads.objects.get(article=paper.article).count == 1
    make_frozen(paper.issue)
    send_all()
    answer = client.get(reverse("issue_report_csv", args=[paper.issue.pk]))
    assert answer.status_code == 200 and answer["Content-Disposition"].isascii()
    assert quote(paper.issue.slug) in answer["Content-Disposition"]
    assert words.article in b"".join(answer.streaming_content).decode()
