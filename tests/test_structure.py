"""What docs/architecture.md and CONTRIBUTING.md say of the tree is true."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

from newsroom.celery import app as celery_app
from newsroom.mail import catalogue
from tests import layers, picture

ROOT = Path(__file__).resolve().parent.parent
APPS = ("newsroom", "subscriptions", "donations")
DOCS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
MOST_MODULES, MOST_LINES = 14, 350
# A path that a document names: with a folder of ours, or of the tests, in front.
PATH = re.compile(r"`((?:newsroom|subscriptions|donations|templates|tests|docs)/[\w./-]*)`")


def modules() -> Iterator[Path]:
    for app in APPS:
        yield from (ROOT / app).rglob("*.py")


def test_no_folder_has_too_many_modules() -> None:
    folders: dict[Path, int] = {}
    for path in modules():
        if path.parent.name != "commands":  # nobody reads those as a room: they are looked up
            folders[path.parent] = folders.get(path.parent, 0) + 1
    assert {folder: n for folder, n in folders.items() if n > MOST_MODULES} == {}


def test_no_module_is_too_long() -> None:
    prose = {"articles.py", "0001_initial.py"}
    lengths = {path: len(path.read_text().splitlines()) for path in modules()}
    assert [p for p, n in lengths.items() if n > MOST_LINES and p.name not in prose] == []


@pytest.mark.parametrize("room", picture.rooms())
def test_room_opens_with_three_lines(room: str) -> None:
    source = (ROOT / room.replace(".", "/") / "__init__.py").read_text()
    lines = (ast.get_docstring(ast.parse(source)) or "").splitlines()
    assert len([line for line in lines if line]) == 3
    assert lines[2].startswith("Uses ") and lines[3].startswith("Begin with ")


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_what_a_document_names_is_there(page: Path) -> None:
    named = {path.rstrip("/.") for path in PATH.findall(page.read_text())}
    links = re.findall(r"\]\(([\w./-]+\.md)\)", page.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_readme_names_what_make_can_do() -> None:
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.M)
    readme = (ROOT / "README.md").read_text()
    assert len(targets) >= 9
    assert [name for name in targets if not re.search(rf"make {name}\b", readme)] == []


def test_every_job_that_is_queued_by_name_is_there() -> None:
    sources = "".join(path.read_text() for path in modules())
    named = set(re.findall(r'after_commit\(\s*"([\w.]+)"', sources))
    beat = {entry["task"] for entry in celery_app.conf.beat_schedule.values()}
    routes = set(celery_app.conf.task_routes)
    assert len(named) >= 4
    assert named | beat | routes <= set(celery_app.tasks)


def test_every_mail_that_is_posted_is_written_and_has_both_parts() -> None:
    sources = "".join(path.read_text() for path in modules())
    named = set(re.findall(r'outbox\.post\(\s*"(\w+)"', sources))
    assert len(named) >= 10
    assert named <= set(catalogue.mails())
    parts = [path for path in ROOT.glob("templates/*/email/*.mjml") if path.stem != "base"]
    assert [path.name for path in parts if not path.with_suffix(".txt").exists()] == []


def writes_a_status(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="update"), keywords=words):
            return any(word.arg == "status" for word in words)
        case ast.Attribute(value=ast.Name(id=name), attr="status", ctx=ast.Store()):
            return name != "self"
    return False


def test_status_is_changed_in_one_way() -> None:
    """What has a table of moves is guarded by it; a mirror takes whatever Stripe says."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules()
        if "sandbox" not in path.parts and "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if writes_a_status(node)
    ]
    assert found == []
    machines = [model for model in apps.get_models() if hasattr(model, "Status")]
    assert [model.__name__ for model in machines if not hasattr(model, "MOVES")] == ["Contribution"]


def test_importing_a_sandbox_makes_no_file(tmp_path: Path) -> None:
    code = "import donations.sandbox.pages, subscriptions.sandbox.store as mail; mail.Store"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    settings = "from django.conf import settings; settings.configure(); "
    command = [sys.executable, "-B", "-c", settings + code]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("here", "source"),
    [
        ("base.html", "{% load giving %}"),
        ("base.html", "{% static 'donations/give.js' %}"),
        ("newsroom/publishing/article.html", "{% include 'subscriptions/readers/signup.html' %}"),
        ("newsroom/publishing/home.html", "{% url 'support' %}"),
        ("subscriptions/email/issue.mjml", '<a href="{{ base_url }}/support/">'),
        ("subscriptions/readers/confirm.html", "{% url 'go' 1 %}"),
        ("donations/asking/later.html", '{% include "donations/giving/amounts.html" %}'),
        ("newsroom/static/newsroom/site.js", 'fetch("/newsletter/weekly/signup/")'),
    ],
)
def test_template_or_script_that_looks_up_is_found(here: str, source: str) -> None:
    assert any(layers.is_above(there, here) for _, there in layers.references(source))


def test_template_may_look_down() -> None:
    source = "{% load giving site %}{% include 'donations/asking/later.html' %}{% url 'search' %}"
    found = [there for _, there in layers.references(source)]
    assert not any(layers.is_above(there, "donations/giving/ask_box.html") for there in found)


def test_edges_that_others_imply_are_left_out() -> None:
    edges = {("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("a", "d")}
    assert picture.reduced(edges) == {("a", "b"), ("b", "c"), ("c", "d")}


URLCONFS = ("urls.py", "webhook_urls.py", "wagtail_hooks.py")


def modules_with_views() -> Iterator[str]:
    """Those that an address leads to: what `path("…", module.view)` names."""
    for conf in (path for path in modules() if path.name in URLCONFS):
        tree = ast.parse(conf.read_text())
        imported = {
            alias.asname or alias.name: f"{node.module}.{alias.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "path":
                for used in ast.walk(call):
                    if isinstance(used, ast.Attribute) and not used.attr.isupper():
                        yield imported.get(getattr(used.value, "id", ""), "")


def test_no_view_is_left_out_of_what_keeps_them_apart() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    [apart] = [one for one in contracts["contracts"] if one["type"] == "independence"]
    ours = {name for name in modules_with_views() if name.startswith(APPS)}
    found = {name for name in ours if name.rpartition(".")[2].islower()}  # no single class
    assert "subscriptions.desk.views" in found
    assert found - set(apart["modules"]) == set()


def test_no_two_addresses_have_one_name() -> None:
    """The later one would be led to where the earlier is meant."""
    named: dict[str, set[str]] = {}
    for conf in (path for path in modules() if path.name in URLCONFS):
        for call in ast.walk(ast.parse(conf.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "path":
                for name in (one.value for one in call.keywords if one.arg == "name"):
                    named.setdefault(ast.unparse(name), set()).add(ast.unparse(call.args[0]))
    assert len(named) > 60
    assert {name: routes for name, routes in named.items() if len(routes) > 1} == {}
