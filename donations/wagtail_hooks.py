"""What finance sees in the admin: contributions to read, appeals to write."""

from typing import Any

from wagtail import hooks
from wagtail.admin.viewsets.model import ModelViewSet, ModelViewSetGroup
from wagtail.permissions import register_permission_policy

from donations import finance
from donations.models import Appeal, Contribution

register_permission_policy(Contribution, finance.ReadOnly(Contribution))


class ContributionViewSet(ModelViewSet):
    model = Contribution
    icon = "list-ul"
    menu_label = "Contributions"
    index_view_class = finance.ContributionIndex
    inspect_view_class = finance.ContributionPage
    inspect_view_enabled = True
    inspect_template_name = "donations/admin/contribution.html"
    index_results_template_name = "donations/admin/contributions_results.html"
    copy_view_enabled = False
    add_to_reference_index = False
    form_fields: list[str] = []
    list_per_page = 50
    list_display = finance.COLUMNS
    list_export = list(finance.EXPORT)
    export_headings = finance.EXPORT
    export_filename = "contributions"
    filterset_class = finance.ContributionFilters


class AppealViewSet(ModelViewSet):
    model = Appeal
    icon = "pick"
    menu_label = "Appeals"
    list_display = ["title", "starts_at", "ends_at", "active"]
    copy_view_enabled = False


class GivingGroup(ModelViewSetGroup):
    menu_label = "Giving"
    menu_icon = "pick"
    menu_order = 250
    items = (ContributionViewSet("contributions"), AppealViewSet("appeals"))


@hooks.register("register_admin_viewset")
def giving() -> Any:
    return GivingGroup()
