"""What rules and panels ask for is there, and what rings says what to do."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from wagtail import hooks

from newsroom.metrics.exposition import Asked
from tests.environment import ROOT

FILES = ROOT / "deploy" / "monitoring"
WORDS = {"by", "sum", "rate", "increase", "absent", "deriv", "histogram_quantile", "le"}


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load((FILES / "alerts.yml").read_text())["groups"]
    return group["rules"]


def questions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    for panel in json.loads((FILES / "dashboard.json").read_text())["panels"]:
        for target in panel["targets"]:
            yield target["expr"]
            # What a line is called, as if it were asked for by that label.
            for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                yield f"sum by ({label}) ({target['expr']})"


def names(question: str) -> set[str]:
    return set(re.findall(r"newsroom_\w+", question))


def labels(question: str) -> set[str]:
    found = re.findall(r"(\w+)=", question)
    for listed in re.findall(r"by \(([\w, ]+)\)", question):
        found += listed.split(", ")
    return set(found)


@pytest.mark.django_db
def test_what_rules_and_panels_ask_for_is_told() -> None:
    told: dict[str, set[str]] = {}
    for family in Asked([*hooks.get_hooks("metrics")]).collect():  # type: ignore[arg-type]
        suffix = {"counter": "_total", "histogram": "_bucket"}.get(family.type, "")
        also = {"le"} if family.type == "histogram" else set()
        told[family.name + suffix] = {*family._labelnames} | also  # type: ignore[attr-defined]
    for question in questions():
        for name in names(question):
            assert name in told, question
            assert labels(question) <= told[name], question
    asked = set().union(*map(names, questions()))
    assert set(told) <= asked, "nobody looks at these"


def test_each_alarm_says_in_plain_words_what_to_do() -> None:
    page = (ROOT / "docs" / "how-to" / "when-it-rings.md").read_text()
    headings = {
        line[3:].lower().replace(" ", "-") for line in page.splitlines() if line[:3] == "## "
    }
    linked = set()
    for rule in rules():
        file, _, heading = rule["annotations"]["runbook_url"].partition("#")
        assert (ROOT / file).exists() and heading in headings, rule
        linked.add(heading)
        for words in ("summary", "action"):
            assert rule["annotations"][words].endswith("."), rule
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["for"]
    assert linked == headings
