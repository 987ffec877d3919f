"""``manage.py doctor``: is this deployment well? What is not, and what to do about it."""

import json
import logging
import os
import sys
from collections import Counter
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from newsroom.core.environment import problems
from newsroom.doctor.examination import Finding, State, examine
from newsroom.doctor.table import checks


class Command(BaseCommand):
    help = "Look at a deployment: settings, stores, workers, TLS, proxy, webhooks, mail's domains."
    requires_system_checks: list[str] = []  # it tells what is wrong with the settings itself

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="For machines.")

    def handle(self, *args: Any, **options: Any) -> None:
        logging.disable(logging.CRITICAL)  # libraries that try again say nothing to a person
        try:
            found = examine(checks(), {problem.name for problem in problems(os.environ)})
        finally:
            logging.disable(logging.NOTSET)
        rows = [(label, finding) for label, findings in found.items() for finding in findings]
        if options["json"]:
            told = json.dumps([{"check": label, **asdict(one)} for label, one in rows])
        else:
            told = f"{as_text(rows)}\n\n{in_short(rows)}"
        self.stdout.write(told)
        self.stdout.flush()
        if any(one.state is State.WRONG for _, one in rows):
            sys.exit(1)


def as_text(rows: list[tuple[str, Finding]]) -> str:
    """What is the same of several is said once."""
    labels: dict[Finding, list[str]] = {}
    for label, found in rows:
        labels.setdefault(found, []).append(label)
    lines = []
    for found, of in labels.items():
        lines.append(f"{found.state:<8} {', '.join(of)}: {found.words}")
        lines += [f"         → {found.todo}"] if found.todo else []
    return "\n".join(lines)


def in_short(rows: list[tuple[str, Finding]]) -> str:
    many = Counter(found.state for _, found in rows)
    return ", ".join(f"{many[state]} {state}" for state in State)
