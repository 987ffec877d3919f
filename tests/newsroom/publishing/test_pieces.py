"""Each piece of a text reaches every reader: on the page, by feed, by mail."""

import pytest
from django.core.files.base import ContentFile

from newsroom.models import Attachment
from subscriptions.issues.rendering import render_issue
from tests.factories import make_article, make_image, make_issue
from tests.queries import queries_of

FRAME = b"\xff\xfb\x90\x00" + b"\0" * 413  # of MPEG-1, layer III, 128 kbit/s at 44.1 kHz
ID3 = b"ID3\x04\x00\x00\x00\x00\x00\x20" + b"TIT2 recorded in Dolna".ljust(32)
WORDS = [
    *("Three hills", "Seen from below", "How it fell", "Who spoke", "We saw it.", "Dolna", "4,200"),
    *("What is a dam?", "A wall.", "Gazette, p. 3.", "The ministry"),
]


@pytest.fixture
def article(site):
    images = [make_image(f"hill {number}", credit="Ann") for number in range(3)]
    sound = Attachment.objects.create(
        title="Sound", file=ContentFile(ID3 + FRAME * 5 + b"TAGDolna".ljust(128), name="a.mp3")
    )
    pictures = [{"image": one.pk, "caption": "Seen from below"} for one in images]
    numbers = "Town\tLoaves\nDolna\t4.200\nLesna\t1.234.567"
    video = {"url": "https://youtu.be/dQw4w9WgXcQ?si=me", "title": "How it fell"}
    source = "The ministry"
    body = [
        ("text", "<p>It broke.[[<i>Gazette</i>, p. 3.]]</p>"),
        ("gallery", {"title": "Three hills", "pictures": pictures}),
        ("video", video | {"picture": images[0].pk}),
        ("audio", {"title": "Who spoke", "file": sound.pk, "transcript": "<p>We saw it.</p>"}),
        ("chart", {"title": "Loaves", "kind": "line", "numbers": numbers, "source": source}),
        ("fact_box", {"title": "What is a dam?", "text": "<p>A <b>wall</b>.[[Of stone.]]</p>"}),
    ]  # fmt: skip
    return make_article(site.section, body=[{"type": name, "value": value} for name, value in body])


def said(html: str) -> str:
    return html.replace("<i>", "").replace("</i>", "").replace("<b>", "").replace("</b>", "")


def test_pieces_are_on_the_page_and_nothing_is_loaded_from_others(client, article) -> None:
    page = client.get(article.url).text
    assert [word for word in WORDS if word not in said(page)] == []
    assert "<iframe" not in page and "youtu.be" not in page and 'src="https' not in page
    assert 'preload="none"' in page and '<svg class="chart-drawing"' in page
    assert page.count('role="doc-noteref"') == page.count('role="doc-backlink"') == 2
    assert "[[" not in page and 'name="description" content="Deck' in page


def test_pieces_are_in_feeds_and_in_whole_mails(client, article, site) -> None:
    feed = client.get("/feed/").text
    issue = make_issue(site.newsletter, [article])
    issue.body = [("article", {"article": article, "full_text": True})]
    mail = render_issue(issue)
    for outlet in (feed, mail.html):
        found = said(outlet.replace("&lt;", "<").replace("&gt;", ">"))
        assert [word for word in WORDS if word not in found] == []
        assert "[[" not in outlet and "watch?v=dQw4w9WgXcQ" in outlet and "<svg" not in found
    assert [
        w for w in WORDS if w not in mail.text and w not in ("Three hills", "Seen from below")
    ] == []
    assert "Dolna; 4,200" in mail.text and "(1) Gazette, p. 3." in mail.text


def test_sound_is_kept_without_what_it_tells(client, article) -> None:
    file = Attachment.objects.get().file
    assert file.open().read() == FRAME * 5
    answer = client.get(Attachment.objects.get().url)
    assert answer.headers["Content-Type"] == "audio/mpeg"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_many_pictures_cost_no_query_each(client, article, site) -> None:
    images = [make_image(f"more {number}") for number in range(6)]
    one = make_article(site.section, body=[gallery(images[:2])])
    many = make_article(site.section, body=[gallery(images)])
    client.get(one.url)
    assert queries_of(lambda: client.get(many.url)) <= queries_of(lambda: client.get(one.url))


def gallery(images):
    pictures = [{"image": image.pk, "caption": ""} for image in images]
    return {"type": "gallery", "value": {"title": "", "pictures": pictures}}


def test_a_gallery_whose_pictures_are_gone_is_a_page_still(client, site) -> None:
    gone = [{"image": 999_999, "caption": ""}]
    empty = {"type": "gallery", "value": {"title": "", "pictures": []}}
    body = [{"type": "gallery", "value": {"title": "x", "pictures": gone}}, empty]
    article = make_article(site.section, body=body)
    assert client.get(article.url).status_code == client.get("/feed/").status_code == 200
    assert article.gone == ["image"]
