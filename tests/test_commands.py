"""Every command that README.md, CONTRIBUTING.md and docs/ show works as it stands there.

What would change the machine, or takes long, is only parsed, by the parser of its own.
"""

import os
import re
import shlex
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from django.core.management import CommandError, get_commands, load_command_class

from tests.__main__ import CHOICES
from tests.benchmarks.__main__ import BENCHMARKS

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.M | re.S)
INDENTED = re.compile(r"^\n((?: {4}\S.*\n(?: {6}.*\n)*)+)", re.M)
OPTION = re.compile(r"--[a-z][a-z-]*")
# What `make` hands on to programs, which ask the environment for it.
FOR_PROGRAMS = {"RECIPIENTS", "RUNS", "ONLY", "STRIPE_SECRET_KEY", "MINUTES"}
MANAGE = {name for name, app in get_commands().items() if not app.startswith("django.contrib")}
PLACEHOLDERS = {"FILE": "x.env", "ID": "1", "LOGIN": "ann", "ADDRESS": "b@example.org"}


def shown() -> Iterator[str]:
    """Each command as somebody would type it; “a|b” is two."""
    for page in PAGES:
        text = page.read_text()
        blocks = [body for kind, body in BLOCK.findall(text) if kind in ("", "sh")]
        prose = BLOCK.sub("\n", text)
        lines = [line for body in blocks for line in body.splitlines()]
        lines += [re.sub(r"\\\n", " ", body).strip() for body in INDENTED.findall(prose)]
        lines += [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]
        for line in lines:
            words = [word.split("|") for word in line.partition(" #")[0].split(" ") if word]
            yield from (" ".join(choice) for choice in product(*words))


def begins(pattern: str) -> list[str]:
    """What is shown and begins so, each once, without what comes before."""
    found = (re.match(rf"(?:.*\s)?({pattern}.*)", command) for command in shown())
    return list(dict.fromkeys(match[1] for match in found if match))


MAKE = begins(r"(?<!\S)(?:[A-Z_]+=\S+ )?make [a-z]") + [
    f"make bench {name}" for name in begins(r"(?<!\S)NAME=")
]
DJANGO = begins(r"manage\.py ") + [
    f"manage.py {command}" for command in shown() if command.split(" ")[0] in MANAGE - {"check"}
]


def outside_of_make() -> dict[str, str]:
    """As a person's shell: under `make test`, make tells a make below it what it was given."""
    handed_on = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"}
    return {name: value for name, value in os.environ.items() if name not in handed_on}


def parser_of(name: str) -> ArgumentParser:
    return load_command_class(get_commands()[name], name).create_parser("manage.py", name)


def with_those_below(parser: ArgumentParser) -> list[ArgumentParser]:
    """“staff invite” and “staff disable” have a parser each."""
    below = [action.choices for action in parser._actions if isinstance(action.choices, dict)]
    return [parser, *(one for choices in below for one in choices.values())]


def test_commands_are_found() -> None:
    assert len(MAKE) >= 25 and len(DJANGO) >= 15
    assert "make bench NAME=send RECIPIENTS=100000" in MAKE and "make bench NAME=desk" in MAKE
    assert "manage.py staff invite LOGIN --role Finance" in DJANGO


@pytest.mark.parametrize("command", MAKE)
def test_make_knows_the_target_and_what_it_is_given(command: str) -> None:
    words = shlex.split(command)
    given = dict(word.split("=", 1) for word in words if "=" in word)
    if words[-1] == "make":  # the one that says what a word means
        return
    tried = subprocess.run(
        ["make", "-n", *(word for word in words if word != "make")],
        cwd=ROOT, env=outside_of_make(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert tried.returncode == 0, tried.stderr
    used = set(re.findall(r"\$\((?:if \$\()?([A-Z]+)", (ROOT / "Makefile").read_text()))
    assert given.keys() <= used | FOR_PROGRAMS
    assert given.get("NAME", "send") in BENCHMARKS
    asked = given.get("ARGS", "")
    paths = [path for path in asked.split() if not path.startswith("-") and asked not in CHOICES]
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (["RECIPIENTS=100000"], "100000 3"),
        (["RECIPIENTS=500", "RUNS=1"], "500 1"),
        (["RECIPIENTS=", "RUNS="], "7 3"),
        ([], "7 3"),
    ],
)
def test_benchmark_reads_what_make_was_given(tmp_path: Path, said: list[str], read: str) -> None:
    python = tmp_path / "python"
    code = "from tests.benchmarks import given; print(given('RECIPIENTS', 7), given('RUNS', 3))"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}"\n')
    python.chmod(0o755)
    made = subprocess.run(
        ["make", "-o", ".venv/ready", f"BIN={tmp_path}", "bench", "NAME=smtp", *said],
        cwd=ROOT, env=outside_of_make(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert made.stdout.strip() == read
    sources = [path.read_text() for path in (ROOT / "tests/benchmarks").glob("[a-z]*.py")]
    assert not [source for source in sources if "int(os.environ" in source]


@pytest.mark.parametrize("command", DJANGO)
def test_command_of_ours_takes_its_words(command: str) -> None:
    _, name, *words = shlex.split(re.sub(r"\$\{\w+\}", "ADDRESS", command))
    if not words and name in ("staff", "audit", "mailing", "bounce"):
        return  # its name, as a word
    try:
        parser_of(name).parse_args([PLACEHOLDERS.get(word, word) for word in words])
    except CommandError as error:
        pytest.fail(f"{command}: {error}")


def test_every_command_of_ours_that_is_shown_is_run_by_a_test() -> None:
    """By its name as a string: the tests of each lie with what it does."""
    sources = "".join(
        path.read_text() for path in ROOT.glob("tests/**/*.py") if path != Path(__file__)
    )
    names = {command.split()[1] for command in DJANGO} & MANAGE
    assert len(names) >= 9
    assert {name for name in names if f'"{name}"' not in sources} == set()


def test_option_that_stands_alone_is_one_of_a_command_on_its_page() -> None:
    for page in PAGES:
        text = page.read_text()
        alone = set(re.findall(rf"`({OPTION.pattern})`", text))
        names = set(re.findall(r"manage\.py (\w+)", text))
        parsers = [parser_of(name) for name in names]
        known = "".join(one.format_help() for parser in parsers for one in with_those_below(parser))
        assert {option for option in alone if option not in known} == set(), page


@pytest.mark.parametrize("command", begins(r"\.venv/bin/(?!python manage)"))
def test_program_that_is_shown_is_installed_and_knows_its_words(command: str) -> None:
    words = [sys.executable, *shlex.split(command), "--help"]  # a .venv that was copied has old #!
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
