"""Long lists, turned without counting them: each page begins at a row of the one before, so the
thousandth costs what the first does.

A page is named by the number of that row (``?below=…``, ``?above=…``), so whoever turns loses
nothing and sees nothing twice when a row comes meanwhile. The lists are in the order of fields of
their own that are never empty, all of them rising or all falling, each with an index.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.http import QueryDict
from wagtail.admin.views import generic

from donations.finance.common.access import IDENTITIES
from newsroom.core.paths import number_of

BELOW, ABOVE = "below", "above"


@dataclass(frozen=True)
class Page:
    rows: list[Any] = field(default_factory=list)
    newer: str = ""  # queries of the pages beside this one
    older: str = ""
    first: str = ""


def page(found: QuerySet[Any], query: QueryDict, size: int) -> Page:
    """``query``: the address's, whose other words the pages keep."""
    order: Any = found.query.order_by
    falls = order[0].startswith("-")
    names = [*(name.lstrip("-") for name in order), "pk"]
    backwards = ABOVE in query and BELOW not in query
    at = found.model._default_manager.filter(pk=_row(found, query)).first()
    if backwards:
        falls = not falls
    order = [f"-{name}" if falls else name for name in names]
    some = found.filter(_behind(names, at, falls)) if at else found
    rows = list(some.order_by(*order)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    before, behind = (more, at is not None) if backwards else (at is not None, more)
    if not rows:
        return Page(first=_words(query) if at else "")
    return Page(
        rows,
        newer=_words(query, above=rows[0].pk) if before else "",
        older=_words(query, below=rows[-1].pk) if behind else "",
        first=_words(query) if before else "",
    )


def _row(found: QuerySet[Any], query: QueryDict) -> Any:
    asked = query.get(BELOW) or query.get(ABOVE) or ""
    return (
        asked[:255] if found.model._meta.pk.get_internal_type() == "CharField" else number_of(asked)
    )


def _behind(names: list[str], row: Any, falls: bool) -> Any:
    """Compared as one row: an index of these fields begins there, however many are alike."""
    further = TupleLessThan if falls else TupleGreaterThan
    return further(Tuple(*names), tuple(getattr(row, name) for name in names))


def _words(query: QueryDict, **at: Any) -> str:
    kept = query.copy()
    for name in (BELOW, ABOVE, "p", "_w_filter_fragment"):
        kept.pop(name, None)
    for name, value in at.items():
        kept[name] = str(value)
    return f"?{kept.urlencode()}"


class LongIndex(generic.IndexView):
    """A list of Wagtail's that nobody edits, turned so."""

    results_template_name = "donations/finance/long_results.html"
    orders: dict[str, tuple[str, ...]] = {}  # how a column that is sorted by goes on
    list_export: list[str]
    page = Page()  # none of what is exported
    names: set[str] = set()  # of what is exported, for who may know them

    def setup(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if not request.user.has_perm(IDENTITIES):
            self.list_export = [name for name in self.list_export if name not in self.names]

    def _annotate_queryset_updated_at(self, queryset: Any) -> Any:
        return queryset  # there is no log to ask

    def order_queryset(self, queryset: Any) -> Any:
        return queryset.order_by(*self.orders.get(self.ordering, (self.ordering,)))

    def paginate_queryset(self, queryset: Any, page_size: int) -> Any:
        self.page = page(queryset, self.request.GET, page_size)
        return None, None, self.page.rows, False

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(*args, **kwargs) | {"page": self.page}
