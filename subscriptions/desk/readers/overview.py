"""“Readers” in the admin: how they come and go, in a drawing and in tables. No list of them."""

from typing import Any

from django.utils import timezone

from newsroom.core.paths import number_of
from newsroom.staff.pages import AdminPage
from subscriptions.desk.readers import access, comings
from subscriptions.models import Newsletter


class Readers(AdminPage):
    template_name = "subscriptions/desk/readers/overview.html"
    page_title = "Readers"
    header_icon = "group"
    permission_required = access.SEE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        all_ = list(Newsletter.objects.live())
        chosen = number_of(self.request.GET.get("newsletter", ""))
        newsletters = [one for one in all_ if one.pk == chosen] or all_
        span = self.request.GET.get("span", "")
        span = span if span in comings.SPANS else "weeks"
        return (
            super().get_context_data(**kwargs)
            | comings.numbers_of(newsletters, span, timezone.localdate())
            | {
                "all": all_,
                "chosen": newsletters[0].pk if len(newsletters) < len(all_) else None,
                "span": span,
                "spans": [(name, words) for name, (words, *_) in comings.SPANS.items()],
            }
        )
