"""An issue as it would go out now: what the checks look at."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from django.utils.html import strip_tags

from newsroom.models import ArticlePage
from newsroom.publishing import rich_text
from subscriptions.issues import link_checker, rendering
from subscriptions.models import Edition, IssuePage, Mailing, Piece


class Proof:
    """An issue as it would go out now, each part made when a check first needs it."""

    def __init__(self, issue: IssuePage, render: rendering.Render = rendering.render_issue) -> None:
        self.issue, self.newsletter = issue, issue.newsletter
        self.render = render

    @cached_property
    def stories(self) -> list[Piece]:
        return self.issue.stories

    @cached_property
    def rendered(self) -> rendering.RenderedIssue:
        return self.render(self.issue)

    @cached_property
    def rendered_whole(self) -> rendering.RenderedIssue:
        """As those get it who want whole articles."""
        return self.render(self.issue, Edition.WHOLE)

    @cached_property
    def hrefs(self) -> list[str]:
        return link_checker.hrefs(rendering.for_display(self.rendered.html))

    @cached_property
    def typed(self) -> list[str]:
        """Every text that an editor typed into the issue."""
        others = [row.subject for row in self.issue.other_subjects.all()]
        typed = [strip_tags(text) for text in strings_in(self.issue.body.get_prep_value())]
        return [self.issue.subject, self.issue.preheader, *others, *typed]

    @cached_property
    def dead_links(self) -> list[str]:
        """The words of links to pages that readers can't open, also in articles that go whole."""
        texts = [block for block in self.issue.body if block.block_type == "letter"]
        for story in self.whole:
            texts += [block for block in story.body if block.block_type == "text"]
        return rich_text.dead_links(text.value.source for text in texts)

    @property
    def whole(self) -> list[ArticlePage]:
        """The articles that go out with their text."""
        return [p.story for p in self.stories if p.story and p.value.get("full_text")]

    @cached_property
    def pictures(self) -> list[Any]:
        """Every picture of the mail, also those of an article that goes out whole."""
        found = [p.picture for p in self.issue.pieces if p.kind in ("article", "picture")]
        for story in self.whole:
            blocks = [block for block in story.body if block.block_type == "image"]
            found += [block.value["image"] for block in blocks]
        return [image for image in found if image]

    @cached_property
    def undescribed(self) -> list[Any]:
        """The pictures that have no words for those who don't see them."""
        return [image for image in self.pictures if not image.is_described]

    @cached_property
    def broken(self) -> list[Any]:
        """The pictures that can't be shown; the mail goes out without them."""
        return [image for image in self.pictures if image.is_broken]

    @cached_property
    def last(self) -> Mailing | None:
        """What this newsletter sent before."""
        sent = Mailing.objects.filter(newsletter=self.newsletter, status=Mailing.Status.SENT)
        return sent.exclude(issue=self.issue.pk).order_by("-finished_at").first()


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
