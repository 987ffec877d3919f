"""What can be asked for by name."""

import click
import pytest
from celery.bin.celery import celery
from django.conf import settings
from granian.cli import cli as granian

from newsroom.celery import QUEUES
from newsroom.running import parts


def test_a_part_is_asked_for_by_its_name_and_a_number_of_processes() -> None:
    for name in parts.NAMES:
        assert parts.part(name)[0] == name
    _, sender = parts.part("sender:4")
    assert sender.args[0][-3:] == ["4", "--loglevel", "INFO"]  # type: ignore[attr-defined]


def test_start_says_how_many_processes_and_connections_there_will_be() -> None:
    said = parts.said(["web:3", "sender:4", "beat"])
    assert "processes: web 3, sender 4, beat 1; up to 63 connections" in said
    assert parts.number_of("web")[1] >= 2  # pages go on while one of them dies


@pytest.mark.parametrize("asked", ["nobody", "sender:many", ""])
def test_what_there_is_not_is_refused(asked: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        parts.part(asked)


def test_every_queue_has_a_worker_and_every_worker_a_queue() -> None:
    taken = [queue for queues, _ in parts.WORKERS.values() for queue in queues.split(",")]
    asked = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {"default"}
    assert sorted(taken) == sorted(QUEUES) and set(QUEUES) == asked


@pytest.mark.parametrize("name", parts.NAMES)
def test_programs_know_their_words(name: str) -> None:
    words: list[str] = parts.part(f"{name}:3" if name != "beat" else name)[1].args[0]  # type: ignore[attr-defined]
    if name == "web":
        granian.make_context("granian", list(words))
        return
    command: click.Command = celery
    while words:
        context = click.Context(command, allow_interspersed_args=command is not celery)
        _, words, _ = command.make_parser(context).parse_args(list(words))
        command, words = celery.commands[words[0]] if words else celery, words[1:]
