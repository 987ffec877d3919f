"""A chart of numbers that an editor has pasted; drawn here, without a script of anybody's."""

from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from wagtail.blocks import CharBlock, ChoiceBlock, StructBlock, StructValue, TextBlock
from wagtail.blocks.struct_block import StructBlockValidationError

from . import drawing
from .pasted import Pasted, Unreadable, parse

MOST_BARS = 60


class ChartValue(StructValue):
    @cached_property
    def pasted(self) -> Pasted | None:
        """None: what was never checked and is no chart."""
        try:
            return parse(self.get("numbers") or "")
        except Unreadable:
            return None

    @property
    def drawn(self) -> drawing.Drawing | None:
        return drawing.drawn(self.pasted, self["kind"]) if self.pasted else None

    @property
    def table(self) -> list[tuple[str, list[str]]]:
        return drawing.table(self.pasted) if self.pasted else []


class ChartBlock(StructBlock):
    title = CharBlock(help_text="What it shows, with its unit: “Loaves a day, in thousands”.")
    kind = ChoiceBlock(
        choices=[("line", "Line: how something went"), ("bar", "Bars: what is how large")],
        default="line",
    )
    numbers = TextBlock(
        rows=8,
        help_text="Copy the cells in your spreadsheet and paste them here: labels in the first "
        "column, names of columns in the first line. “1.234,5”, “1,234.5”, “1 234,5” and “12 %” "
        "are all understood; look at the preview.",
    )
    source = CharBlock(required=False, help_text="Whose numbers these are.")

    class Meta:
        icon = "table"
        value_class = ChartValue
        template = "newsroom/publishing/blocks/chart.html"
        plain_template = "newsroom/publishing/blocks/plain/chart.html"

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        try:
            lines = len(parse(cleaned["numbers"]).rows)
        except Unreadable as wrong:
            refuse(str(wrong))
        if cleaned["kind"] == "bar" and lines > MOST_BARS:
            refuse(f"{lines} lines are too many for bars: {MOST_BARS} at most. Take a line.")
        return cleaned


def refuse(words: str) -> None:
    raise StructBlockValidationError(block_errors={"numbers": ValidationError(words)})
