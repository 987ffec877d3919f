"""Pages of Wagtail's kind: how ours begin, and those about staff. Users: nobody sorts by what is
sealed, and a new colleague gets a mail. The audit log, to read."""

from typing import Any

import django_filters
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import HttpRequest
from django.utils import timezone
from django.views.generic import TemplateView
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.reports import ReportView
from wagtail.users.views.users import CreateView, IndexView, UserViewSet

from newsroom.accounts.models import AuditEntry
from newsroom.staff import people
from newsroom.staff.audited import why_for


class AdminPage(PermissionRequiredMixin, WagtailAdminTemplateMixin, TemplateView):
    """A page of ours in the admin: who may open it (``permission_required``; others get 403), and
    the way back (``breadcrumbs_items``, the pages above it)."""

    raise_exception = True

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.get_page_title()}]


class ItemFor(MenuItem):
    """In the menu of those who may."""

    def __init__(self, *args: Any, permission: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.permission = permission

    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.permission)


class StaffIndex(IndexView):
    @property
    def model_fields(self) -> set[str]:
        return super().model_fields - {"first_name", "last_name", "email"}


class AddStaff(CreateView):
    def save_instance(self) -> Any:
        user = super().save_instance()
        people.welcome(user)
        return user

    def get_success_message(self, instance: Any) -> str:
        return f"“{instance}” is added, and gets a mail with a link to choose a password."


class StaffViewSet(UserViewSet):
    index_view_class = StaffIndex
    add_view_class = AddStaff
    copy_view_enabled = False


class AuditFilters(WagtailFilterSet):
    who = django_filters.CharFilter(label="Who")
    what = django_filters.CharFilter(lookup_expr="icontains", label="What contains")
    at = django_filters.DateFromToRangeFilter(label="When", widget=DateRangePickerWidget)

    class Meta:
        model = AuditEntry
        fields = ["who", "what", "at"]


def when(entry: AuditEntry) -> str:
    """To the second: “just now” is no record."""
    return f"{timezone.localtime(entry.at):%-d %B %Y, %H:%M:%S}"


class WhyColumn(Column):
    def get_cell_context_data(self, instance: AuditEntry, parent_context: Any) -> Any:
        context = super().get_cell_context_data(instance, parent_context)
        return context | {"value": why_for(instance, parent_context["request"].user)}


class AuditLog(ReportView):
    model = AuditEntry
    page_title = "Audit log"
    header_icon = "history"
    any_permission_required = ["view"]
    filterset_class = AuditFilters
    index_url_name = "audit_log"
    index_results_url_name = "audit_log_results"
    default_ordering = "-pk"
    columns = [
        Column("at", accessor=when, label="When", width="18%"),
        Column("who", label="Who", width="12%"),
        Column("what", label="What"),
        Column("row", label="Which"),
        WhyColumn("why", label="Why"),
    ]
    list_export = ["at", "who", "what", "row", "why", "chain"]

    def get_queryset(self) -> Any:
        return AuditEntry.objects.order_by("-pk")

    def to_row_dict(self, item: AuditEntry) -> Any:
        return super().to_row_dict(item) | {"why": why_for(item, self.request.user)}

    def get_filename(self) -> str:
        return "audit-log"
