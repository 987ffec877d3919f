"""Wagtail's widgets as we start them."""

import html

import pytest
from wagtail.admin.widgets import AdminDateInput, AdminDateTimeInput, AdminTimeInput


@pytest.mark.parametrize("widget", [AdminDateInput, AdminDateTimeInput, AdminTimeInput])
def test_picker_leaves_alone_what_is_typed(widget: type) -> None:
    """Else “2026-10-40” is today when the field is left, and what is saved is wrong and valid."""
    shown = html.unescape(widget().render("day", "", attrs={"id": "day"}))
    assert '"validateOnBlur": false' in shown
