"""What the start page offers to who writes: an article, in one of the sections that are theirs."""

from typing import Any

from wagtail.admin.ui.components import Component

from newsroom.models import SectionPage


class WritePanel(Component):
    name, order = "write", 45
    template_name = "newsroom/editing/start_page.html"

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        user = parent_context["request"].user
        sections = SectionPage.objects.order_by("path")
        return {"sections": [one for one in sections if may_write(user, one)]}


def may_write(user: Any, section: SectionPage) -> bool:
    return bool(section.permissions_for_user(user).can_add_subpage())
