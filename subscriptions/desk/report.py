"""What became of an issue: a page, and the same as CSV. Numbers of readers, never who."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe
from wagtail.admin.auth import require_admin_access

from newsroom.web import exports
from subscriptions.desk import access, numbers
from subscriptions.desk.access import NewslettersPage, issue_for
from subscriptions.models import IssuePage


class IssueReport(NewslettersPage):
    template_name = "subscriptions/desk/report.html"
    page_title = "Report"
    permission_required = access.VIEW

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.issue = issue_for(request, kwargs["pk"])

    def get_page_subtitle(self) -> str:
        return str(self.issue.title)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        *above, here = super().get_breadcrumbs_items()
        desk = {"url": reverse("issue_desk", args=[self.issue.pk]), "label": self.issue.title}
        return [*above, desk, here]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs) | {"issue": self.issue}
        return context | numbers.report_of(with_numbers(self.issue))


def with_numbers(issue: IssuePage) -> Any:
    """Its mailing with numbers. Raises Http404 before the freeze."""
    mailing = issue.active_mailing
    found = mailing and numbers.with_numbers().filter(pk=mailing.pk).first()
    if not found:
        raise Http404
    return found


@require_admin_access
@permission_required(access.VIEW, raise_exception=True)
@require_safe
def as_csv(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The numbers, then a row for each link."""
    issue = issue_for(request, pk)
    return exports.csv_response(rows_of(issue, with_numbers(issue)), f"report-{issue.slug}")


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
