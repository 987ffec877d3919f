"""What stops an article from being published, or gives its editor pause: the list beside it."""

from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from wagtail.admin import messages
from wagtail.admin.ui.side_panels import BaseSidePanel
from wagtail.admin.views.pages.create import CreateView
from wagtail.admin.views.pages.edit import EditView
from wagtail.admin.viewsets.pages import PageViewSet

from newsroom.editing import approval
from newsroom.editing.checklist import Check, Finding, findings, first_stop, quoted
from newsroom.mail.plain_text import has_words
from newsroom.models import ArticlePage, Stopped
from newsroom.models.blocks import images_in
from newsroom.publishing import rich_text

LONG_HEADLINE = 110  # characters: what the cards of other sites and a phone show

# --- The checks -----------------------------------------------------------------------------


def headline_is_there(article: ArticlePage) -> str:
    return "" if has_words(article.title) else "Write a headline."


def it_says_something(article: ArticlePage) -> str:
    shown = any(
        block.block_type != "text" or has_words(block.value.source) for block in article.body
    )
    return (
        ""
        if shown or has_words(article.deck)
        else "There is nothing to read: write the text, or a deck."
    )


def headline_is_short(article: ArticlePage) -> str:
    length = len(article.title)
    return (
        f"{length} characters; others’ cards show {LONG_HEADLINE}."
        if length > LONG_HEADLINE
        else ""
    )


def deck_is_there(article: ArticlePage) -> str:
    return (
        "" if article.deck else "None: teasers, feeds and the newsletter show the headline alone."
    )


def text_is_there(article: ArticlePage) -> str:
    return "" if len(article.body) else "A headline and a deck, and no text."


def somebody_signs(article: ArticlePage) -> str:
    return "" if article.authors else "Nobody signs it. A pen name is an author, too."


def section_is_published(article: ArticlePage) -> str:
    section = article.section
    return "" if section.live else f"“{section.title}” is not published: no menu leads there."


def pictures_are_described(article: ArticlePage) -> str:
    names = [image.title for image in pictures(article) if not image.is_described]
    words = "For those who don’t see them, describe {}, or say that they only decorate."
    return words.format(quoted(names)) if names else ""


def pictures_are_credited(article: ArticlePage) -> str:
    names = [image.title for image in pictures(article) if not image.credit]
    return f"Say who made {quoted(names)}." if names else ""


def pictures_can_be_shown(article: ArticlePage) -> str:
    names = [image.title for image in pictures(article) if image.is_broken]
    return f"Left out, as their files are gone or damaged: {quoted(names)}." if names else ""


def sound_can_be_read(article: ArticlePage) -> str:
    names = [
        block.value["title"]
        for block in article.body
        if block.block_type == "audio" and not has_words(block.value["transcript"].source)
    ]
    return (
        f"For those who can’t hear it, write down every word of {quoted(names)}." if names else ""
    )


def links_lead_somewhere(article: ArticlePage) -> str:
    texts = [block.value.source for block in article.body if block.block_type == "text"]
    words = rich_text.dead_links(texts)
    if not words:
        return ""
    return f"Readers see only the words of {quoted(words)}: that page is not published, or is gone."


def pictures(article: ArticlePage) -> Iterator[Any]:
    """The lead, those of the text and the sharing card's, each once."""
    found = (article.lead_image, *images_in(article.body), article.card_image)
    yield from dict.fromkeys(image for image in found if image)


# --- The list -------------------------------------------------------------------------------


def part(name: str) -> Callable[[ArticlePage], str]:
    """A part of the editor, by the anchor that Wagtail gives it."""
    return lambda article: f"#panel-child-story-{name}-section"


def picture_without(words: str) -> Callable[[ArticlePage], str]:
    def place(article: ArticlePage) -> str:
        first = next(image for image in pictures(article) if not getattr(image, words))
        return reverse("wagtailimages:edit", args=[first.pk])

    return place


def section_page(article: ArticlePage) -> str:
    return reverse("wagtailadmin_pages:edit", args=[article.section.pk])


STOPS = [
    Check("Headline", headline_is_there, part("title")),
    Check("Something to read", it_says_something, part("body")),
    Check("Transcripts", sound_can_be_read, part("body")),
    Check("Descriptions of pictures", pictures_are_described, picture_without("is_described")),
    Check("Credits of pictures", pictures_are_credited, picture_without("credit")),
]
WARNS = [
    Check("Length of the headline", headline_is_short, part("title")),
    Check("Deck", deck_is_there, part("deck")),
    Check("Byline", somebody_signs, part("bylines")),
    Check("Text", text_is_there, part("body")),
    Check("Section", section_is_published, section_page),
    Check("Pictures", pictures_can_be_shown, part("lead_image")),
    Check("Links", links_lead_somewhere, part("body")),
]


def what_stops(article: ArticlePage) -> str:
    return first_stop(article, STOPS)


def all_that_stops(article: ArticlePage) -> list[Finding]:
    return [one for one in findings(article, STOPS, []) if one.state == "stop"]


class ChecklistSidePanel(BaseSidePanel):
    """Follows what is typed: Wagtail renders it anew whenever it saves."""

    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        aria_label = "Toggle checklist"
        icon_name = "list-ul"

        def get_context_data(self, parent_context: Any) -> dict[str, Any]:
            context: dict[str, Any] = super().get_context_data(parent_context)
            return context | {"count": len(self.panel.open)}

    class Media:
        css = {"all": ("newsroom/checklist.css",)}

    name = "checklist"
    title = "Checklist"
    template_name = "newsroom/editing/checklist_panel.html"
    order = 250

    @property
    def open(self) -> list[Any]:
        return [finding for finding in self.findings if finding.state != "fine"]

    def __init__(self, article: ArticlePage, request: HttpRequest) -> None:
        self.findings = findings(article, STOPS, WARNS) if article.pk else []
        super().__init__(article, request)

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(parent_context)
        return context | {"findings": self.findings, "open": self.open}


class WithChecklist:
    """Either of Wagtail's views of the editor."""

    def get_side_panels(self: Any) -> Any:
        panels = super().get_side_panels()  # type: ignore[misc]
        panels.append(ChecklistSidePanel(self.page, self.request))
        return panels

    def publish_action(self: Any) -> HttpResponse:
        """What stops it stops only this: it is saved as a draft."""
        if stops := all_that_stops(self.form.instance):
            return self.only_save(stops)
        answer: HttpResponse = super().publish_action()  # type: ignore[misc]
        return answer

    def only_save(self: Any, stops: list[Finding]) -> HttpResponse:
        """Says all that stops it, and leads to where the first of it is put right."""
        words = " ".join(["Not published, only saved.", *(one.words for one in stops)])
        button = messages.button(stops[0].url, "Put it right")
        messages.error(self.request, words, buttons=[button])
        answer: HttpResponse = self.save_action()
        return answer


class ArticleCreateView(WithChecklist, CreateView):
    pass


class ArticleEditView(WithChecklist, EditView):
    decided = ""  # in the workflow: “approve”, “reject”

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if wish := approval.wish(self.page):
            messages.warning(request, wish)
        answer: HttpResponse = super().get(request, *args, **kwargs)
        return answer

    def publish_action(self) -> HttpResponse:
        """What somebody has handed in is approved by it: so they are told."""
        task = self.page.current_workflow_task
        actions = task.get_actions(self.page, self.request.user) if task else []
        if not any(name == "approve" for name, *_ in actions):
            return super().publish_action()
        self.workflow_action = "approve"
        return self.perform_workflow_action()

    def perform_workflow_action(self) -> HttpResponse:
        approves = self.workflow_action == "approve"
        if approves and (stops := all_that_stops(self.form.instance)):
            return self.only_save(stops)
        if self.page.current_workflow_task is None:
            raise Stopped(self.page, f"Somebody has decided about “{self.page}” already.")
        self.decided = self.workflow_action
        answer: HttpResponse = super().perform_workflow_action()
        return answer

    def add_save_confirmation_message(self) -> None:
        if self.decided:
            article = ArticlePage.objects.get(pk=self.page.pk)
            messages.success(self.request, approval.outcome(article, self.decided))
        else:
            super().add_save_confirmation_message()


class ArticleViewSet(PageViewSet):
    model = ArticlePage
    add_view_class = ArticleCreateView
    edit_view_class = ArticleEditView
