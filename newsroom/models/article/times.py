"""When an article goes live, and the time that it shows."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from wagtail.admin.forms.pages import WagtailAdminPageForm

TIMES = ("published_at", "go_live_at")


def not_before(shown: datetime | None, goes_live: datetime | None) -> datetime | None:
    """When an article may go live: never before the time that it shows."""
    if shown and shown > timezone.now():
        return max(shown, goes_live or shown)
    return goes_live


class ArticleForm(WagtailAdminPageForm):
    """The time shown and the schedule. While they are the same, changing one changes the other: the
    editor should not have to know that there are two."""

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        shown, goes_live = (cleaned.get(name) for name in TIMES)
        shown_before, goes_live_before = (self.initial.get(name) for name in TIMES)
        if goes_live_before and shown_before == goes_live_before:
            if shown != shown_before and goes_live == goes_live_before:
                goes_live = None
            elif shown == shown_before:
                shown = goes_live
        cleaned.update(zip(TIMES, (shown, not_before(shown, goes_live)), strict=True))
        return super().clean()

    def get_field_updates_for_resave(self) -> list[tuple[str, str]]:
        """The page stays open while Wagtail saves it: it would send the schedule before again."""
        updates: list[tuple[str, str]] = super().get_field_updates_for_resave()
        for name in TIMES:
            value = self.cleaned_data.get(name)
            if value != self.fields[name].clean(self[name].data):
                widget = self.fields[name].widget
                updates.append(
                    (name, widget.format_value(value and timezone.localtime(value)) or "")
                )
        return updates
