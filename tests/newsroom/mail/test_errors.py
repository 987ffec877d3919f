"""What a failed call to the provider means."""

from pathlib import Path
from typing import Any

import pytest
from anymail.exceptions import AnymailRequestsAPIError
from django.core.mail import EmailMessage, get_connection

from newsroom.mail.errors import SendError, classify
from tests.tls import serve_tls


@pytest.mark.parametrize(
    ("name", "days", "kind", "words"),
    [
        ("localhost", 80, SendError.IN_DOUBT, "the connection broke during the call"),
        ("localhost", -1, SendError.ACCOUNT, "not to be trusted: certificate has expired"),
        ("other.test", 80, SendError.ACCOUNT, "not to be trusted: Hostname mismatch"),
    ],
)
def test_provider_whose_certificate_has_expired_was_told_nothing(
    tmp_path: Path, monkeypatch: Any, name: str, days: int, kind: SendError, words: str
) -> None:
    for origin, file in serve_tls(tmp_path, name, days):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
        mail = get_connection(
            "anymail.backends.mailgun.EmailBackend", api_key="x", api_url=f"{origin}/v3"
        )
        message = EmailMessage("a", "b", "news@example.org", ["a@example.org"], connection=mail)
        with pytest.raises(AnymailRequestsAPIError) as raised:
            message.send()
        found = classify(raised.value)
        assert found.kind is kind and words in found.reason
