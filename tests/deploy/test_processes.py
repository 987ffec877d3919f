"""The files in deploy/ say the same: processes.toml, systemd's units, compose.yaml, nginx."""

import configparser
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from celery.bin.celery import celery
from django.conf import settings
from django.urls import resolve
from granian.cli import cli as granian

from newsroom.web import body_limits

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
PROCESSES: dict[str, Any] = tomllib.loads((DEPLOY / "processes.toml").read_text())
BIN = "/opt/newsroom/current/.venv/bin/"


def words_of(name: str) -> list[str]:
    return shlex.split(PROCESSES[name]["command"])


def unit(name: str) -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None, strict=False)
    found.optionxform = str  # type: ignore[assignment]
    found.read(DEPLOY / "systemd" / name)
    return found


def test_units_are_the_processes() -> None:
    units = {path.stem for path in DEPLOY.glob("systemd/*.service")}
    assert units == {f"newsroom-{name}" for name in PROCESSES}
    wanted = re.findall(r"newsroom-\w+\.service", (DEPLOY / "systemd/newsroom.target").read_text())
    assert wanted == [f"newsroom-{name}.service" for name in PROCESSES]
    for name, process in PROCESSES.items():
        service = unit(f"newsroom-{name}.service")["Service"]
        assert service["ExecStart"].startswith(BIN)
        command = service["ExecStart"].removeprefix(BIN).replace("%%", "%")
        assert shlex.split(command) == words_of(name)
        assert int(service["TimeoutStopSec"]) == process["stop_seconds"]


def test_units_are_locked_in() -> None:
    common = unit("newsroom-.service.d/all.conf")["Service"]
    assert common["User"] != "root"
    assert common["NoNewPrivileges"] == "yes" and common["ProtectSystem"] == "strict"
    assert common["Restart"] == "always" and common["KillMode"] == "mixed"


def test_containers_are_the_processes_and_locked_in() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = compose["services"]
    ours = {name for name, service in services.items() if service.get("image") == "newsroom"}
    assert ours == {*PROCESSES, "prepare"}
    for name, process in PROCESSES.items():
        assert shlex.split(services[name]["command"]) == words_of(name)
        assert services[name]["stop_grace_period"] == f"{process['stop_seconds']}s"
        assert services[name]["read_only"] and services[name]["cap_drop"] == ["ALL"]
    image = (DEPLOY / "Dockerfile").read_text()
    assert "RUN deploy/build" in image and "\nUSER 10001:10001\n" in image
    assert {"host", "port"} <= {option.name for option in granian.params}  # GRANIAN_HOST, …_PORT


def test_every_queue_has_a_worker_and_every_worker_a_queue() -> None:
    commands = [words_of(name) for name in PROCESSES]
    taken = [words[words.index("-Q") + 1].split(",") for words in commands if "-Q" in words]
    queues = {settings.CELERY_TASK_DEFAULT_QUEUE}
    queues |= {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert sorted(name for names in taken for name in names) == sorted(queues)


@pytest.mark.parametrize("name", PROCESSES)
def test_programs_know_their_words(name: str) -> None:
    program, *words = words_of(name)
    if program == "granian":
        granian.make_context(program, words)
        return
    command: click.Command = celery
    while words:
        context = click.Context(command, allow_interspersed_args=command is not celery)
        _, words, _ = command.make_parser(context).parse_args(words)
        command, words = celery.commands[words[0]] if words else celery, words[1:]


def test_addresses_that_are_asked_for_health_are_there() -> None:
    text = "".join(path.read_text() for path in DEPLOY.iterdir() if path.is_file())
    asked = set(re.findall(r"http://127\.0\.0\.1:8000(/\w+)", text))
    assert asked
    for path in asked:
        resolve(path)


def test_proxy_lets_through_what_the_product_takes() -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    limits = [int(number) * 1024**2 for number in re.findall(r"client_max_body_size (\d+)m", text)]
    taken = [body_limits.WEBHOOK_BODY, body_limits.STAFF_BODY, body_limits.LIST_BODY]
    assert all(limit >= most for limit, most in zip(limits, taken, strict=True))
    assert f"location {body_limits.LISTS} " in text


def test_settings_that_are_shipped_are_known_and_keep_no_secret() -> None:
    readme = (DEPLOY.parent / "README.md").read_text()
    lines = re.findall(r"^([A-Z_]+)=(.*)$", (DEPLOY / "settings").read_text(), re.M)
    assert len(lines) > 10
    assert [name for name, _ in lines if f"`{name}`" not in readme] == []
    assert [name for name, value in lines if value and name.endswith(("KEY", "KEYS"))] == []


@pytest.mark.parametrize("script", ["install", "build", "manage"])
def test_scripts_can_be_read_by_a_plain_shell(script: str) -> None:
    path = DEPLOY / script
    assert os.access(path, os.X_OK)
    subprocess.run([shutil.which("dash") or "sh", "-n", path], check=True)
