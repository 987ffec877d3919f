"""What everybody's start page in the admin says first while nothing leaves."""

from typing import Any

from wagtail.admin.ui.components import Component


class HoldPanel(Component):
    name, order = "hold", 1
    template_name = "newsroom/release/panel.html"

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        return {"request": parent_context["request"]}
