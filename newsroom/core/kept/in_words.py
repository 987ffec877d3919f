"""What we hold about somebody, for their own page: the dictionary that they can take away as JSON,
each key with its words, each value as their language writes it. What holds nothing is left out.

A key without words raises KeyError: so no fact is added to the JSON and forgotten on the page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise

Row = Mapping[str, Any]
Text = str | Promise
# What a value is called; a table of values that stay as they are where it has none; or a function
# of the value and of what stands beside it.
Values = Mapping[str, Text] | Callable[[Any, Row], Text]

MOST_IN_TABLE = 4  # columns


class Fact(NamedTuple):
    """``said`` alone is a whole sentence."""

    said: str
    value: str = ""


@dataclass
class Section:
    heading: str
    facts: list[Fact] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    sections: "list[Section]" = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True)
class Words:
    """By key, or by “section.key” where a key means something else there.

    ``labels``: what stands beside the value. With “%(day)s” in it, or of what is true or not, it is
    a sentence of its own. A section whose rows are named by a key has it in ``titles``.
    """

    labels: Mapping[str, Text]
    values: Mapping[str, Values]
    titles: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, Text] = field(default_factory=dict)

    def of(self, everything: Row) -> Section:
        """Raises KeyError."""
        return self._section("", "", everything)

    def _section(self, path: str, heading: str, row: Row) -> Section:
        found = Section(heading, note=str(self.notes.get(path, "")))
        for key, value in row.items():
            label = str(self._for(self.labels, path, key))
            if value in (None, "", False) or value == [] or key == self.titles.get(path):
                continue
            if isinstance(value, Mapping):
                found.sections.append(self._section(key, label, value))
            elif isinstance(value, list) and isinstance(value[0], Mapping):
                found.sections.append(self._list(key, label, value))
            elif value is True:
                found.facts.append(Fact(label))
            elif "%(day)s" in label:
                found.facts.append(Fact(label % {"day": self._text(path, key, row)}))
            else:
                found.facts.append(Fact(label, self._text(path, key, row)))
        return found

    def _list(self, path: str, heading: str, rows: Sequence[Row]) -> Section:
        keys = list(dict.fromkeys(key for row in rows for key in row))
        nested = any(isinstance(value, list | Mapping) for row in rows for value in row.values())
        if nested or len(keys) > MOST_IN_TABLE:
            title = self.titles.get(path, "")
            each = [
                self._section(path, self._text(path, title, row) if title else "", row)
                for row in rows
            ]
            return Section(heading, sections=each)
        labels = {key: str(self._for(self.labels, path, key)) for key in keys}
        used = [key for key in keys if any(row.get(key) for row in rows)]
        return Section(
            heading,
            columns=[labels[key] for key in used],
            rows=[[self._text(path, key, row) for key in used] for row in rows],
            note=str(self.notes.get(path, "")),
        )

    def _text(self, path: str, key: str, row: Row) -> str:
        value = row.get(key)
        values = self._for(self.values, path, key, {})
        if value in (None, "", False):
            return ""
        if callable(values):
            return str(values(value, row))
        if value is True:
            return str(self._for(self.labels, path, key))
        if isinstance(value, datetime):
            return date_format(timezone.localdate(value))
        if isinstance(value, date):
            return date_format(value)
        if isinstance(value, Decimal):
            return number_format(value)
        if isinstance(value, list | tuple):
            return ", ".join(map(str, value))
        return str(values.get(str(value), value))

    @staticmethod
    def _for(table: Mapping[str, Any], path: str, key: str, *otherwise: Any) -> Any:
        if (own := f"{path}.{key}") in table:
            return table[own]
        return table.get(key, *otherwise) if otherwise else table[key]
