"""An article with everything that one can have; a block that is not in it fails the tests."""

from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.utils import timezone
from wagtail.rich_text import RichText

from newsroom.live import writing
from newsroom.models import (
    ArticleByline,
    ArticlePage,
    Attachment,
    Author,
    Correction,
    CreditedImage,
    Kind,
    LiveEntry,
    SectionPage,
    Series,
)
from newsroom.models.blocks import ArticleBody
from tests.factories import make_article, make_image

FRAME = b"\xff\xfb\x90\x00" + b"\0" * 413  # of MPEG-1, layer III, 128 kbit/s at 44.1 kHz


def pieces(image: CreditedImage, sound: Attachment) -> list[tuple[str, Any]]:
    """Every kind of which a text is made, in each of its looks."""
    numbers = "Month\tWheat\tRye\nMay\t1,2\t3\nJune\t2,5\t\nJuly\t4\t1"
    shown = {"image": image, "caption": "A caption"}
    table = {
        "data": [["a", "b"], ["c", "1"]],
        "first_row_is_table_header": True,
        "first_col_is_header": True,
        "table_caption": "Numbers",
    }
    bare = table | dict.fromkeys(list(table)[1:3], False) | {"table_caption": ""}
    return [
        ("fact_box", {"title": "The mill", "text": RichText("<p>It stands.</p>")}),
        ("text", RichText(
            '<h2>Heading</h2><p>Words[[A note with <a href="https://example.org/">its link</a>.]]'
            ' and <a href="https://example.org/">a link</a>.[[Another.]]</p>'
            "<h3>Smaller</h3><ul><li>One</li></ul><ol><li>Two</li></ol>")),
        ("quote", {"text": "Words", "who": "Somebody"}),
        ("image", shown),
        *(("gallery", {"title": title, "pictures": [shown, shown]}) for title in ("Flood", "", "")),
        ("video", {"url": "https://youtu.be/dQw4w9WgXcQ", "title": "A film", "picture": image}),
        ("video", {"url": "https://vimeo.com/76979871", "title": "Another", "picture": None}),
        ("audio", {"title": "A song", "file": sound, "transcript": RichText("<p>La la.</p>")}),
        ("embed", {"url": "https://example.org/", "title": "A post"}),
        ("list", ["One", "Two"]),
        *(("table", one) for one in (table, bare, bare)),
        ("chart", {"title": "Loaves", "kind": "line", "numbers": numbers, "source": "The bakers"}),
        ("chart", {"title": "Bread", "kind": "bar", "numbers": numbers, "source": ""}),
    ]  # fmt: skip


def full_article(site: Any) -> ArticlePage:
    """The first of two parts of a series."""
    image = make_image("Lead", credit="Ana / Agency")
    sound = Attachment.objects.create(title="x", file=ContentFile(FRAME * 5, name="x.mp3"))
    body = pieces(image, sound)
    kinds = set(ArticleBody().child_blocks)
    assert kinds == {kind for kind, _ in body}, "a block that nobody looks at: add it to pieces()"
    series = Series.objects.create(title="The dam", slug="dam", introduction="How it broke.")
    article, _ = [
        make_article(
            site.section, body=body, lead_image=image, caption="Seen", wire_credit="AFP helped",
            updated_at=timezone.now(), kind=Kind.OPINION, series=series, series_part=part,
        )
        for part in (1, 2)
    ]  # fmt: skip
    article.bylines.add(ArticleByline(author=Author.objects.create(name="Ana")))
    article.corrections.add(Correction(text="It was two.", corrected_on=timezone.localdate()))
    article.tags.add("water")
    article.save()
    return article


def live_article(section: SectionPage) -> ArticlePage:
    article = make_article(section, kind=Kind.LIVE)
    for words in ("The dam holds.", "The dam broke."):
        entry = LiveEntry(headline=words, text="At noon.", is_key_point=True, key=uuid4())
        writing.add(article, entry)
    return article
