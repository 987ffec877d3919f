"""/metrics: for who has the token, numbers of everything, of nobody, and the rules know them."""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from wagtail import hooks

from newsroom import measures
from newsroom.metrics import requests
from newsroom.models import TransactionalMail
from tests.factories import make_appeal, make_article

TOKEN = "a-token-of-our-own"


@pytest.fixture(autouse=True)
def _token(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    requests.store().delete(requests.KEY, measures.TICKS)


def scrape(client: Client) -> dict[str, Metric]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    families = text_string_to_metric_families(answer.content.decode())
    return {family.name: family for family in families}


def value(families: dict[str, Metric], name: str, **labels: str) -> float:
    samples = (sample for family in families.values() for sample in family.samples)
    [found] = (one.value for one in samples if one.name == name and one.labels == labels)
    return found


@pytest.mark.django_db
def test_without_the_token_there_is_nothing_to_see(client: Client, settings: Any) -> None:
    for said in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer ä"},
                 {"Authorization": TOKEN}):  # fmt: skip
        answer = client.get("/metrics", headers=said)
        assert (answer.status_code, answer.content) == (401, b"")
        assert "no-store" in answer["Cache-Control"]
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.django_db
def test_what_happened_can_be_read_off(client: Client, site: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(requests, "EVERY", 0)
    monkeypatch.setattr(requests, "counts", requests.Counts())  # without those of other tests
    make_appeal()
    for path in ("/", make_article(site.section).url, "/support/", "/admin/login/", "/nothing/"):
        client.get(path)
    measures.tick("mail")
    TransactionalMail.objects.create(
        purpose="confirm", key=bytes(32), next_try_at=timezone.now() - timedelta(minutes=9)
    )
    found = scrape(client)
    total = "newsroom_requests_total"
    assert value(found, total, view="page", status="2xx") == 2
    assert value(found, total, view="giving", status="2xx") == 1
    assert value(found, total, view="page", status="4xx") == 1
    assert value(found, "newsroom_request_seconds_count", view="giving") == 1
    assert value(found, "newsroom_queue_silent_seconds", queue="mail") < 60
    assert value(found, "newsroom_queue_silent_seconds", queue="stripe") > 1e6
    assert 530 < value(found, "newsroom_mail_waits_seconds") < 600
    missing = found["newsroom_metrics_missing"].samples
    assert {one.labels["which"] for one in missing if one.value} == set()


@pytest.mark.django_db
def test_what_can_not_be_told_is_named_and_hides_nothing_else(
    client: Client, monkeypatch: Any
) -> None:
    def broken() -> Iterable[Metric]:
        raise RuntimeError("ann@example.org")

    kept = hooks.get_hooks("metrics")
    monkeypatch.setattr(hooks, "get_hooks", lambda name: [broken, *kept])
    found = scrape(client)
    assert value(found, "newsroom_metrics_missing", which=broken.__qualname__) == 1
    assert value(found, "newsroom_mails_waiting") == 0


@pytest.mark.django_db
def test_no_label_can_name_a_person(client: Client) -> None:
    labels = {
        (name, text)
        for family in scrape(client).values()
        for sample in family.samples
        for name, text in sample.labels.items()
    }
    known = {"view", "status", "queue", "state", "found", "le", "mailing", "provider", "currency"}
    assert {name for name, _ in labels} <= known | {"which"}
    assert not [text for _, text in labels if re.search(r"@|/|\d{7}", text)]
