"""The pieces that a front page is arranged of, as editors see them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.blocks import (
    CharBlock,
    ChoiceBlock,
    DateTimeBlock,
    IntegerBlock,
    ListBlock,
    PageChooserBlock,
    StaticBlock,
    StreamBlock,
    StreamBlockValidationError,
    StructBlock,
)

from newsroom.models.blocks.published import PublishedChooserBlock

from .topics import TopicChooserBlock

MOST_ROWS, MOST_PLACES = 12, 12


class By(TextChoices):
    """What fills a place that no article is pinned to; readers see it above a row without title."""

    NEWEST = "newest", _("Newest")
    MOST_READ = "most_read", _("Most read")
    PICKS = "picks", _("Editors’ picks")


@dataclass(frozen=True)
class Box:
    """What another app shows on the front page (the hook “front_page_boxes”): below everything,
    unless it says otherwise or an editor has put it elsewhere."""

    name: str
    label: str
    html: Callable[[dict[str, Any]], str]  # of the template's context
    below: bool = True


def boxes() -> dict[str, Box]:
    return {box.name: box for box in hooks.get_hooks("front_page_boxes")}


def box_choices() -> list[tuple[str, str]]:
    return [(box.name, box.label) for box in boxes().values()]


def boxes_on(raw: Any) -> set[str]:
    """Their names, of an arrangement as it is kept."""
    return {row["value"]["box"] for row in raw if row["type"] == "box"}


class Pin(StructBlock):
    article = PublishedChooserBlock(
        "newsroom.ArticlePage",
        required=False,
        help_text="Stands here once readers may open it. Empty: the place is filled by the rule.",
    )
    until = DateTimeBlock(required=False, help_text="From then on the rule fills the place.")


class Filled(StructBlock):
    """Places, and the rule that fills those that nothing is pinned to."""

    by = ChoiceBlock(By.choices, default=By.NEWEST, label="Filled with")
    section = PageChooserBlock("newsroom.SectionPage", required=False, label="Only of section")
    topic = TopicChooserBlock(required=False, label="Only about topic")


class Top(Filled):
    lead = Pin(label="Lead story")
    count = IntegerBlock(min_value=0, max_value=8, default=5, label="Stories beside it")
    pins = ListBlock(Pin(label="Place"), default=[], max_num=8, label="Pinned beside it")

    class Meta:
        label = "Top stories"
        icon = "pick"
        form_layout = ["lead", "pins", "count", "by", "section", "topic"]


class Articles(Filled):
    title = CharBlock(
        required=False, max_length=60, help_text="Empty: its section, its topic or its rule."
    )
    count = IntegerBlock(min_value=1, max_value=MOST_PLACES, default=4, label="Articles")
    pins = ListBlock(Pin(label="Place"), default=[], max_num=MOST_PLACES, label="Pinned")

    class Meta:
        label = "Row of articles"
        icon = "list-ul"
        form_layout = ["title", "by", "section", "topic", "count", "pins"]


class MostRead(StructBlock):
    count = IntegerBlock(min_value=3, max_value=10, default=5, label="Articles")

    class Meta:
        label = "Most read"
        icon = "order"


class PlacedBox(StructBlock):
    box = ChoiceBlock(box_choices)

    class Meta:
        label = "Box"
        icon = "placeholder"


class Arrangement(StreamBlock):
    top = Top()
    articles = Articles()
    sections = StaticBlock(
        label="A row of each section",
        icon="folder-open-inverse",
        admin_text="The newest of each section that has no row of its own.",
    )
    most_read = MostRead()
    box = PlacedBox()

    class Meta:
        max_num = MOST_ROWS
        block_counts = {name: {"max_num": 1} for name in ("top", "sections", "most_read")}

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        shown: set[Any] = set()
        for thing, words in things(cleaned):
            if thing in shown:
                raise StreamBlockValidationError(non_block_errors=[f"{words} stands there twice."])
            shown.add(thing)
        return cleaned


def things(stream: Any) -> Iterator[tuple[Any, str]]:
    """What may be on the page once, and in words."""
    for child in stream:
        match child.block_type:
            case "box":
                label = dict(box_choices())[child.value["box"]]
                yield child.value["box"], f"The box “{label}”"
            case "top" | "articles":
                for pin in (*filter(None, [child.value.get("lead")]), *child.value["pins"]):
                    if article := pin["article"]:
                        yield article.pk, f"“{article.title}”"
