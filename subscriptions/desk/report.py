"""What became of an issue: a page, and the same as CSV. Numbers of readers, never who."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView
from wagtail.admin.auth import require_admin_access
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from newsroom.web import exports
from subscriptions.desk import numbers
from subscriptions.desk.views import active_mailing, issue_for
from subscriptions.models import IssuePage


class IssueReport(WagtailAdminTemplateMixin, TemplateView):
    template_name = "subscriptions/desk/report.html"
    header_icon = "mail"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.issue, self.mailing = reported(request, kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    def get_page_title(self) -> str:
        return f"Report: {self.issue.title}"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("newsletters"), "label": "Newsletters"},
            {"url": reverse("issue_desk", args=[self.issue.pk]), "label": self.issue.title},
            {"url": "", "label": "Report"},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs) | {"issue": self.issue}
        return context | numbers.report_of(self.mailing)


def reported(request: HttpRequest, pk: int) -> tuple[IssuePage, Any]:
    """The issue and its mailing with numbers. Raises Http404 before the freeze."""
    issue = issue_for(request, pk)
    if not request.user.has_perm("subscriptions.view_mailing"):
        raise PermissionDenied
    mailing = active_mailing(issue)
    found = mailing and numbers.with_numbers().filter(pk=mailing.pk).first()
    if not found:
        raise Http404
    return issue, found


@require_admin_access
@require_safe
def as_csv(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The numbers, then a row for each link."""
    issue, mailing = reported(request, pk)
    return exports.csv_response(rows_of(issue, mailing), f"report-{issue.slug}")


def rows_of(issue: IssuePage, mailing: Any) -> Iterator[list[object]]:
    yield ["issue", issue.title]
    yield ["", "", "per 100"]
    for measure in numbers.measures(mailing):
        rate = measure.per_100(mailing)
        number = Decimal(f"{measure.of(mailing):.{measure.digits}f}")
        yield [measure.name, number, "" if rate is None else Decimal(f"{rate:.2f}")]
    yield []
    yield ["section", "link", "address", "clicks", "per 100 mails"]
    for link in mailing.links.order_by("number"):
        rate = 100 * link.total / mailing.accepted if mailing.accepted else None
        row = [link.section, link.label, link.url, link.total]
        yield [*row, "" if rate is None else Decimal(f"{rate:.2f}")]
