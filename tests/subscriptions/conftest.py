"""A scripted mail server, readers, and a mailing that goes to them over it."""

from collections.abc import Iterator

import pytest

from subscriptions.models import Mailing
from tests.factories import make_article, make_frozen, make_issue, make_subscription
from tests.subscriptions.sending import mailserver
from tests.subscriptions.sending.mailserver import MailServer


@pytest.fixture
def server(settings) -> Iterator[MailServer]:
    with mailserver.running() as server:
        settings.MAIL_PROVIDER = "smtp"
        settings.EMAIL_BACKEND = "newsroom.mail.providers.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = False
        yield server


@pytest.fixture
def readers(site) -> list[str]:
    return [make_subscription(site.newsletter).subscriber.email for _ in range(6)]


@pytest.fixture
def mailing(site, readers, server) -> Mailing:
    issue = make_issue(site.newsletter, [make_article(site.section)], subject="Über Brot")
    return make_frozen(issue)
