"""Wagtail's editor of an issue, and the panel beside it: what else was published."""

from datetime import timedelta
from typing import Any

from django.forms import Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe
from wagtail.admin.auth import require_admin_access
from wagtail.admin.ui.side_panels import BaseSidePanel
from wagtail.admin.views.pages.edit import EditView
from wagtail.admin.viewsets.pages import PageViewSet
from wagtail.admin.widgets.button import HeaderButton
from wagtail.models import Page

from newsroom.models import ArticlePage, SectionPage
from subscriptions.desk.access import issue_for
from subscriptions.issues import drafting
from subscriptions.models import IssuePage, NewsletterRule

SHOWN = 40


class PublishedSidePanel(BaseSidePanel):
    """Articles to add with one click; the list itself is fetched by its script."""

    class SidePanelToggle(BaseSidePanel.SidePanelToggle):
        aria_label = "Toggle what else was published"
        icon_name = "list-ul"
        has_counter = False

    class Media:
        js = (Script("subscriptions/published.js", defer=True),)  # it looks for the panel
        css = {"all": ("subscriptions/desk.css",)}

    name = "published"
    title = "Published since the last issue"
    template_name = "subscriptions/desk/published_panel.html"
    order = 350


class IssueEditView(EditView):
    @property
    def header_buttons(self) -> list[HeaderButton]:
        """In sight, not in the menu of dots: where the issue goes from here, and how it looks."""
        desk = reverse("issue_desk", args=[self.page.pk])
        draft = reverse("wagtailadmin_pages:view_draft", args=[self.page.pk])
        return [
            HeaderButton("Check, approve, send", url=desk, icon_name="mail", priority=1),
            HeaderButton(
                "Side by side",
                url=f"{draft}?mode=all",
                icon_name="link-external",
                attrs={"target": "_blank"},
                priority=2,
            ),
        ]

    def get_side_panels(self) -> Any:
        panels = super().get_side_panels()
        if not self.expects_json_response:
            panels.append(PublishedSidePanel(self.page, self.request))
        return panels


class IssueViewSet(PageViewSet):
    model = IssuePage
    edit_view_class = IssueEditView


@require_admin_access
@require_safe
def published(request: HttpRequest, pk: int) -> HttpResponse:
    """The list, best first as a draft would have it; with ``?q=`` what the search finds, of any
    age: the archive too."""
    issue = issue_for(request, pk)
    query = request.GET.get("q", "").strip()[:200]
    if query:
        articles = ArticlePage.objects.in_print().search(query)[:SHOWN]
    else:
        ends = min(timezone.now(), issue.newsletter.hour_on(issue.issue_on + timedelta(days=1)))
        ranked = drafting.fresh_articles(issue.newsletter, ends, before=issue.issue_on)
        articles = ranked.select_related("lead_image")[:SHOWN]
    sections = {section.path: section for section in SectionPage.objects.all()}
    articles = [article for article in articles if article.path[: -Page.steplen] in sections]
    rules = list(issue.newsletter.rules.select_related("source"))
    for article in articles:
        article.section = sections[article.path[: -Page.steplen]]  # not a query for each
        article.headings = headings_for(article, rules)
    context = {"articles": articles, "query": query}
    return render(request, "subscriptions/desk/published.html", context)


def headings_for(article: ArticlePage, rules: list[NewsletterRule]) -> list[str]:
    """Below which heading of an issue the article belongs, the best first: as the draft's rules
    have it for its section of the site; by that section's name; below what takes any section."""
    named = [rule for rule in rules if rule.heading]
    fitting = [r for r in named if r.source and article.path.startswith(r.source.path)]
    fitting.sort(key=lambda rule: -len(rule.source.path if rule.source else ""))
    others = [rule for rule in named if rule.source is None]
    words = [
        *(rule.heading for rule in fitting),
        article.section.title,
        *(rule.heading for rule in others),
    ]
    return list(dict.fromkeys(words))
