"""“After a restore” in the admin: what is held, beside what the provider's record says of it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from wagtail.admin.auth import require_admin_access

from newsroom.hold import gate, items
from newsroom.hold.items import NotNow
from newsroom.models import Hold
from newsroom.release import after_restore
from newsroom.staff.gate import needs_fresh_proof
from newsroom.staff.pages import AdminPage

DECIDE = "newsroom.decide_hold"
SHOWN = 50


@method_decorator(require_admin_access, name="dispatch")
class AfterRestore(AdminPage):
    template_name = "newsroom/release/after_restore.html"
    page_title = "After a restore"
    header_icon = "warning"
    permission_required = DECIDE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        held = gate.look()
        rows = list(items.held()) if held else []
        return super().get_context_data(**kwargs) | {
            "hold": Hold.objects.open(),
            "rows": rows[:SHOWN],
            "more": len(rows) - SHOWN,
            "ended": Hold.objects.exclude(ended_at=None).order_by("-pk")[:10],
        }


@require_admin_access
@permission_required(DECIDE, raise_exception=True)
@require_POST
@needs_fresh_proof
def decide(request: HttpRequest) -> HttpResponse:
    how, _, key = request.POST.get("decision", "").partition(" ")
    if how not in ("release", "drop"):
        messages.error(request, "Say whether to release it or to drop it.")
        return redirect("after_restore")
    try:
        item = after_restore.decide(key, how)
    except NotNow as reason:
        messages.error(request, str(reason))
    else:
        done = "Released" if how == "release" else "Dropped"
        messages.success(request, f"{done}: {item.title}.")
    return redirect("after_restore")
