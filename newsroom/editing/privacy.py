"""Pages that only some may see: there are none.

Readers have no session that could remember a password, and that of staff ends at “/admin/”. So
Wagtail's switch is not offered, and what was restricted before is for nobody until it is public.
"""

from typing import Any, NoReturn

from django.http import Http404, HttpRequest
from wagtail.admin.forms.collections import CollectionViewRestrictionForm
from wagtail.admin.forms.pages import PageViewRestrictionForm
from wagtail.models import BaseViewRestriction, PagePermissionTester

PUBLIC = [choice for choice in BaseViewRestriction.RESTRICTION_CHOICES if choice[0] == "none"]


def for_nobody(restriction: BaseViewRestriction, request: HttpRequest) -> NoReturn:
    raise Http404


def may_lift(tester: Any) -> bool:
    return bool(tester.can_publish() and tester.page.get_view_restrictions().exists())


def install() -> None:
    """Once, before any page is served."""
    BaseViewRestriction.accept_request = for_nobody
    PagePermissionTester.can_set_view_restrictions = may_lift
    for form in (PageViewRestrictionForm, CollectionViewRestrictionForm):
        form.base_fields["restriction_type"].choices = PUBLIC
