"""What the two probes say, to whoever asks in whatever way."""

from threading import Event
from typing import Any

import pytest

from newsroom.web import health


@pytest.mark.parametrize("path", ["/livez", "/livez/", "/healthz", "/readyz"])
def test_probe_answers_whatever_the_host_and_the_scheme(
    client: Any, db: Any, settings: Any, path: str, caplog: Any
) -> None:
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["news.newsroom.test"], True
    settings.MEDIA_ORIGIN, settings.TRUSTED_PROXIES = "https://files.newsroom.test", 1
    for host in ("10.0.0.5:8000", "news.newsroom.test", "files.newsroom.test", "a b"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 200 and answer.json()["status"] == "ok"
    assert client.post(path).status_code == 405
    assert [record for record in caplog.records if record.name.startswith("django.sec")] == []


def test_without_the_database_the_process_is_alive_and_not_ready(
    client: Any, db: Any, monkeypatch: Any
) -> None:
    gone = Event()
    monkeypatch.setattr(health, "SECONDS", 0.2)
    monkeypatch.setattr(health, "_database_answers", lambda: gone.wait(30))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, False)
    assert client.get("/livez").status_code == 200
    gone.set()


def test_only_who_has_our_key_is_told_what_the_proxies_pass_on(client: Any, db: Any) -> None:
    said = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    assert "passed_on" not in client.get("/livez", headers=said).json()
    said["X-Newsroom-Doctor"] = health.ticket()
    found = client.get("/livez", headers=said).json()["passed_on"]
    assert (found["for"], found["proto"]) == ("192.0.2.7", "https")
