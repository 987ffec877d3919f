"""When an article goes live, and the time that it shows."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from wagtail.admin.forms.pages import WagtailAdminPageForm

SHOWN = ("published_at", "updated_at")
SCHEDULE = "go_live_at"


def not_before(goes_live: datetime | None, *shown: datetime | None) -> datetime | None:
    """When an article, or a new version of it, may go live: never before a time that it shows."""
    coming = [moment for moment in shown if moment and moment > timezone.now()]
    return max(moment for moment in (*coming, goes_live) if moment) if coming else goes_live


class ArticleForm(WagtailAdminPageForm):
    """The times shown and the schedule. While one of them is the schedule, changing either changes
    the other: the editor should not have to know that there are two. No longer so once the article
    is out: its next version may have a schedule, and keeps the date of the first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            self.fields["kind"].required = False  # whoever leaves it out writes news

    def clean(self) -> dict[str, Any]:
        cleaned, before = self.cleaned_data, self.initial.get(SCHEDULE)
        goes_live = cleaned.get(SCHEDULE)
        is_over = self.instance.live and before and before <= timezone.now()
        same = [name for name in SHOWN if before and self.initial.get(name) == before]
        for name in same[:1] if not is_over else []:
            if cleaned.get(name) == before:
                cleaned[name] = goes_live
            elif goes_live == before:
                goes_live = None
        cleaned[SCHEDULE] = not_before(goes_live, *(cleaned.get(name) for name in SHOWN))
        return super().clean()

    def get_field_updates_for_resave(self) -> list[tuple[str, str]]:
        """The page stays open while Wagtail saves it: it would send the schedule before again."""
        updates: list[tuple[str, str]] = super().get_field_updates_for_resave()
        for name in (*SHOWN, SCHEDULE):
            value = self.cleaned_data.get(name)
            if value != self.fields[name].clean(self[name].data):
                widget = self.fields[name].widget
                updates.append(
                    (name, widget.format_value(value and timezone.localtime(value)) or "")
                )
        return updates
