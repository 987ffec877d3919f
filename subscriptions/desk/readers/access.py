"""Who may open what of “Readers”, and how its pages begin."""

from typing import Any

from django.urls import reverse_lazy

from newsroom.staff.pages import AdminPage

SEE = "subscriptions.see_readers"
MANAGE = "subscriptions.manage_readers"
EXPORT = "subscriptions.export_readers"


class ReadersPage(AdminPage):
    """A page below “Readers”."""

    header_icon = "group"
    breadcrumbs_items: list[dict[str, Any]] = [
        *AdminPage.breadcrumbs_items,
        {"url": reverse_lazy("readers"), "label": "Readers"},
    ]
