import pytest
from django.core.files.base import ContentFile

from newsroom.models import Attachment
from newsroom.web import headers
from subscriptions.issues import rendering
from tests.factories import make_article, make_image, make_issue

ORIGIN = "https://files.example.org"


@pytest.fixture
def apart(settings) -> None:
    settings.MEDIA_ORIGIN, settings.MEDIA_URL = ORIGIN, f"{ORIGIN}/media/"


def make_document() -> Attachment:
    return Attachment.objects.create(title="x", file=ContentFile(b"x", name="x.txt"))


HOSTS = ["files.example.org", "FILES.example.org", "files.example.org:443", "files.example.org."]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    "path",
    ["/", "/admin/", "/admin/login/", "/support/", "/metrics", "/static/newsroom/site.css",
     "/newsletter/", "/webhooks/stripe/", "/media", "//admin/", "/media/../admin/", "/feed/"],
)  # fmt: skip
def test_on_the_host_of_uploads_is_nothing_else(client, site, apart, host: str, path: str) -> None:
    posted = client.post(path, headers={"host": host})
    assert posted.status_code == (405 if path.startswith("/media/") else 404)
    read = client.get(path, headers={"host": host})
    assert read.status_code == 404
    for answer in (read, posted):
        assert not answer.cookies and "wagtail" not in answer.text.lower()


@pytest.mark.parametrize("host", HOSTS)
def test_uploads_are_given_there(client, site, apart, host: str) -> None:
    for url in (make_image("x").file.url, make_document().url):
        assert url.startswith(f"{ORIGIN}/")
        answer = client.get(url.removeprefix(ORIGIN), headers={"host": host})
        assert answer.status_code == 200
        assert answer["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.parametrize(
    "path", ["/media/images/x.jpg", "/documents/1/x.pdf?a=b", "/documents//a.b/"]
)
def test_on_the_site_uploads_are_elsewhere(client, site, apart, path: str) -> None:
    answer = client.get(path, headers={"host": "news.example.org"})
    assert (answer.status_code, answer["Location"]) == (302, f"{ORIGIN}{path}")


@pytest.mark.parametrize("path", ["/media/images/x.jpg", "/documents/1/x.pdf?a=b"])
def test_choosing_a_language_is_no_way_around(client, site, apart, path: str) -> None:
    answer = client.get(f"/de{path}", headers={"host": "news.example.org"})
    assert (answer.status_code, answer["Location"]) == (302, f"{ORIGIN}{path}")


def test_page_in_a_chosen_language_points_there(client, site, apart) -> None:
    document = make_document()
    link = f'<a linktype="document" id="{document.pk}">paper</a>'
    article = make_article(site.section, body=[{"type": "text", "value": link}])
    page = client.get(f"/ar{article.url}", headers={"host": "news.example.org"}).text
    assert f'href="{document.url}"' in page
    answer = client.get(document.url.removeprefix(ORIGIN), headers={"host": HOSTS[0]})
    assert answer.status_code == 200


def test_pages_and_mails_point_there(client, site, apart) -> None:
    image = make_image("x")
    body = [
        {"type": "image", "value": {"image": image.pk, "caption": ""}},
        {"type": "text", "value": f'<a linktype="document" id="{make_document().pk}">paper</a>'},
    ]
    article = make_article(site.section, lead_image=image, body=body)
    pages = [client.get(path).text for path in (article.url, "/", site.section.url)]
    issue = make_issue(
        site.newsletter, [], body=[("article", {"article": article, "full_text": True})]
    )
    mail = rendering.render_issue(issue)
    for text in [*pages, mail.html]:
        assert f'src="{ORIGIN}/media/images/' in text
        assert '"/media/' not in text and '"/documents/' not in text
    assert f'property="og:image" content="{ORIGIN}/media/images/' in pages[0]
    for text in (pages[0], mail.html, mail.text):
        assert f"{ORIGIN}/documents/" in text


def test_without_it_all_is_as_before(client, site) -> None:
    document = make_document()
    assert document.url.startswith("/documents/")
    assert client.get(document.url, headers={"host": "files.example.org"}).status_code == 200
    assert headers.PUBLIC_POLICY.count("img-src 'self' data:;") == 1
