"""Rows of a form that may stand there once: what an editor reads who has written one twice."""

from collections.abc import Sequence
from typing import Any

from modelcluster.forms import BaseChildFormSet
from wagtail.admin.panels import InlinePanel


class OncePanel(InlinePanel):
    """``twice``: what is wrong with it and what to do instead, in plain words. Django would speak
    of “duplicate data” and name columns; the rule itself is a constraint of the rows' table."""

    def __init__(self, *args: Any, twice: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.twice = twice

    def clone_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().clone_kwargs()
        return kwargs | {"twice": self.twice}

    def get_form_options(self) -> dict[str, Any]:
        options: dict[str, Any] = super().get_form_options()
        options["formsets"][self.relation_name]["formset"] = said_by(self.twice)
        return options


def said_by(twice: str) -> type[BaseChildFormSet]:
    class Rows(BaseChildFormSet):
        def get_unique_error_message(self, unique_check: Sequence[str]) -> str:
            return twice

        def get_form_error(self) -> str:
            """At the row itself."""
            return "This one stands here already."

    return Rows
