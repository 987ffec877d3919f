"""What ``newsroom/settings.py`` reads: typed values, whatever is set. What is missing or wrong is
empty here, so that ``manage.py keys`` and ``doctor`` run; ``checks.py`` stops all others."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from newsroom.core.environment.shapes import FALSE, Wrong
from newsroom.core.environment.table import TABLE


class Environment:
    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables
        # A word that nobody knows must not make a local checkout of a server.
        self.production = typed(variables, "PRODUCTION").lower() not in {"", *FALSE}

    def __call__(self, name: str, local: Callable[[], Any] | None = None) -> Any:
        """The setting's value; ``local`` makes what is in no table, for a local checkout."""
        row = TABLE[name]
        text = typed(self.variables, name) or row.default
        if not text and not self.production:
            text = row.local or (local() if local else "")
        try:
            return row.shape.read(text) if text else row.shape.empty
        except Wrong:
            return row.shape.empty

    def given(self, name: str) -> bool:
        return bool(typed(self.variables, name))

    def anymail(self) -> dict[str, Any]:
        """What Anymail's own documents call settings, without “ANYMAIL_”; lists and objects as
        JSON."""
        found = {}
        for name in self.variables:
            if name.startswith("ANYMAIL_"):
                with suppress(Wrong):
                    found[name.removeprefix("ANYMAIL_")] = maybe_json(typed(self.variables, name))
        return found


def maybe_json(text: str) -> Any:
    """Raises Wrong."""
    try:
        return json.loads(text) if text[:1] in ("{", "[") else text
    except ValueError as error:
        raise Wrong("begins as JSON, and is none") from error


def typed(variables: Mapping[str, str], name: str) -> str:
    return variables.get(name, "").strip()
