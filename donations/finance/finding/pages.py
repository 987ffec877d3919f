"""The box, and what it found. Posted: an address in a link would stay in histories and logs."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from donations.finance.common.access import IDENTITIES, FinancePage, who
from donations.finance.finding import searching


class Find(FinancePage):
    template_name = "donations/finance/find.html"
    page_title = "Find a gift"
    header_icon = "search"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What was found; or at once the page of the one thing that was."""
        typed = request.POST.get("typed", "")[:300]
        found = searching.find(typed, identities=request.user.has_perm(IDENTITIES))
        if len(found) == 1 and found[0].donor:
            return redirect("donor", found[0].donor.pk)
        if len(found) == 1 and len(found[0].contributions) == 1:
            return redirect("contributions:inspect", found[0].contributions[0].pk)
        shown = [
            (reading, [(row, who(row, request)) for row in reading.contributions])
            for reading in found
        ]
        context = self.get_context_data(typed=typed, readings=shown, most=searching.MOST)
        return self.render_to_response(context)
