"""The files in deploy/ agree with what they start: units, compose.yaml, nginx, settings."""

import configparser
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from granian.cli import cli as granian

from newsroom.core.environment.table import KEYS, TABLE
from newsroom.management.commands.run import PATIENCE
from newsroom.web import body_limits, health

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RUN = ["python", "manage.py", "run"]
OTHERS = {"PARTS"}  # the unit's and compose.yaml's own


def test_unit_runs_what_is_asked_for_and_is_locked_in() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment]
    unit.read(DEPLOY / "systemd/newsroom.service")
    service = unit["Service"]
    command = shlex.split(service["ExecStart"].removeprefix("/opt/newsroom/current/.venv/bin/"))
    assert command == [*RUN, "$PARTS"]
    assert service["Restart"] == "always" and service["KillMode"] == "mixed"
    assert PATIENCE < int(service["TimeoutStopSec"]) < PATIENCE + 15
    assert service["User"] != "root" and service["LimitCORE"] == "0"
    assert service["NoNewPrivileges"] == "yes" and service["ProtectSystem"] == "strict"
    keys = re.search(r" keys=(\S+)$", (DEPLOY / "install").read_text(), re.M)
    assert keys and str(Path(keys[1]).parent) == service["ReadWritePaths"]


def test_container_runs_what_is_asked_for_and_is_locked_in() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    ours = {name for name, service in services.items() if service.get("image") == "newsroom"}
    assert ours == {"newsroom", "prepare"}
    service = services["newsroom"]
    assert shlex.split(service["command"]) == [*RUN, "${PARTS:-}"]
    assert PATIENCE < int(service["stop_grace_period"].removesuffix("s")) < PATIENCE + 15
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    filled_in = re.findall(r"^([A-Z_]+)=.*@", (DEPLOY / "settings").read_text(), re.M)
    assert set(filled_in) <= set(service["environment"]) <= set(TABLE)
    image = (DEPLOY / "Dockerfile").read_text()
    assert "RUN deploy/build" in image and "\nUSER 10001:10001\n" in image
    programs = re.search(r"postgresql-client-(\d+)", image)  # which make backups
    assert programs and services["database"]["image"] == f"postgres:{programs[1]}"
    assert {"host", "port"} <= {option.name for option in granian.params}  # GRANIAN_HOST, …_PORT


def test_addresses_that_are_asked_for_health_are_there() -> None:
    text = "".join(path.read_text() for path in DEPLOY.iterdir() if path.is_file())
    asked = set(re.findall(r"http://\S+:(?:8000|\$\{port:-8000\})/(\w+)", text))
    assert asked and asked <= set(health.PROBES)


def test_proxy_lets_through_what_the_product_takes() -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    limits = [int(number) * 1024**2 for number in re.findall(r"client_max_body_size (\d+)m", text)]
    taken = [body_limits.WEBHOOK_BODY, body_limits.STAFF_BODY, body_limits.LIST_BODY]
    assert all(limit >= most for limit, most in zip(limits, taken, strict=True))
    assert f"location {body_limits.LISTS} " in text


def test_settings_that_are_shipped_are_known_and_keep_no_secret() -> None:
    names = re.findall(r"^([A-Z_]+)=", (DEPLOY / "settings").read_text(), re.M)
    assert len(names) > 10 and set(names) <= set(TABLE) | OTHERS
    assert [name for name in names if name in TABLE and TABLE[name].secret] == []
    others = re.findall(r"^([A-Z_]+)=(?:\$at|redis|$)", (DEPLOY / "install").read_text(), re.M)
    made = {row.name for row in TABLE.values() if row.how == KEYS}
    given = {*names, *others, *made}
    assert [row.name for row in TABLE.values() if row.needed and row.name not in given] == []


@pytest.mark.parametrize("script", ["install", "build", "manage"])
def test_scripts_can_be_read_by_a_plain_shell(script: str) -> None:
    path = DEPLOY / script
    assert os.access(path, os.X_OK)
    subprocess.run([shutil.which("dash") or "sh", "-n", path], check=True)
