"""Wagtail's widgets without inline scripts, which our policy allows nowhere.

Where Wagtail writes ``<script>new PageChooser("id_x", {…});</script>`` we write an element with the
same name and arguments; ``newsroom/static/newsroom/admin.js`` starts what it names, at the same
moment. The panels with such scripts are in ``templates/wagtailadmin/panels/``.
"""

import json
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from wagtail.admin.widgets import AdminDateInput, AdminDateTimeInput, AdminTimeInput, BaseChooser


def starter(name: str, *arguments: Any) -> SafeString:
    return format_html(
        '<start-widget name="{}" arguments="{}" hidden></start-widget>', name, json.dumps(arguments)
    )


def render_chooser(
    self: Any, name: str, value: Any, attrs: Any = None, renderer: Any = None
) -> SafeString:
    """In place of ``BaseChooser.render``."""
    pk, chosen = attrs["id"], self.get_value_data(value)
    options = self.get_js_init_options(pk, name, chosen)
    html = self.render_html(name, chosen, attrs)
    return SafeString(html + starter(self.js_constructor, pk, options))


def start_by_element(widget: Any, template: str, what: str) -> None:
    """Render a date or time by Django's own template, and start it like the others. What is typed
    stays as it is: the picker would make today of a day that there is not, and of the year 1 1901.
    """
    wagtails = widget.get_config

    def get_config(self: Any) -> dict[str, Any]:
        config: dict[str, Any] = wagtails(self)
        return config | {"validateOnBlur": False}

    def render(
        self: Any, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> SafeString:
        pk = self.build_attrs(self.attrs, attrs).get("id", "")
        html = super(widget, self).render(name, value, attrs, renderer)
        return SafeString(html + starter(what, pk, self.get_config()))

    widget.template_name, widget.render = f"django/forms/widgets/{template}", render
    widget.get_config = get_config


def install() -> None:
    """Once, before any form is shown."""
    BaseChooser.render = render_chooser
    start_by_element(AdminDateInput, "date.html", "initDateChooser")
    start_by_element(AdminTimeInput, "time.html", "initTimeChooser")
    start_by_element(AdminDateTimeInput, "datetime.html", "initDateTimeChooser")
