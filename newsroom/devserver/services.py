"""The processes of a local run: web, workers, beat, and the two sandboxes."""

import socket
import sys
from urllib.parse import urlsplit

from django.conf import settings

from newsroom.demo.people import LOGINS
from newsroom.devserver import engines
from newsroom.devserver.terminal import Process

CELERY = [sys.executable, "-m", "celery", "--quiet", "-A", "newsroom"]


def granian(app: str, url: str, threads: int) -> list[str]:
    at = urlsplit(url)
    # fmt: off
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", at.hostname or "",
        "--port", str(at.port or 80), "--blocking-threads", str(threads), "--log-level", "warning",
        "--no-ws", "--workers-kill-timeout", "5", app,  # a request that hangs must not outlive us
    ]
    # fmt: on


def worker(name: str, queues: str, processes: int) -> Process:
    own = ["-n", f"{name}@%h", "-Q", queues, "-c", str(processes)]
    return Process(name, [*CELERY, "worker", *own, "--loglevel", "INFO"], reloads=True)


def services() -> list[Process]:
    """The processes of ours, with what each needs to know."""
    found = [
        Process(
            "web",
            granian("newsroom.wsgi:application", settings.BASE_URL, threads=4),
            reloads=True,
        ),
        worker("worker", "default,stripe", 2),
        # Alone, so that a confirmation never waits behind a freeze, a mailing or a payout.
        worker("transactional", "transactional", 1),
        worker("sender", "mail", 2),
        Process("beat", [*CELERY, "beat", "--pidfile="], reloads=True),
    ]
    if settings.STRIPE_SANDBOX:
        found.append(
            Process(
                "stripe",
                granian("donations.sandbox.app:application", settings.STRIPE_SANDBOX, threads=4),
                {
                    "SANDBOX_FILE": str(engines.VAR / "stripe.sqlite3"),
                    "SANDBOX_URL": settings.STRIPE_SANDBOX,
                    "WEBHOOK_URL": f"{settings.BASE_URL}/webhooks/stripe/",
                    "WEBHOOK_SECRET": settings.STRIPE_WEBHOOK_SECRETS[-1],
                },
                reloads=True,
            )
        )
    if settings.MAIL_SANDBOX:
        found.append(
            Process(
                "mail",
                granian("subscriptions.sandbox.app:application", settings.MAIL_SANDBOX, threads=4),
                {
                    "SANDBOX_FILE": str(engines.VAR / "mail.sqlite3"),
                    "WEBHOOK_URL": f"{settings.BASE_URL}/webhooks/anymail/mailgun/tracking/",
                    "WEBHOOK_KEY": settings.ANYMAIL["MAILGUN_WEBHOOK_SIGNING_KEY"],
                },
                reloads=True,
            )
        )
    return found


def answers(url: str) -> bool:
    at = urlsplit(url)
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((at.hostname or "127.0.0.1", at.port or 80)) == 0


def welcome() -> str:
    rows = [("The site", settings.BASE_URL), ("The admin", f"{settings.BASE_URL}/admin/")]
    if settings.STRIPE_SANDBOX:
        rows.append(("Stripe sandbox", settings.STRIPE_SANDBOX))
    if settings.MAIL_SANDBOX:
        rows.append(("Inbox of all mail", settings.MAIL_SANDBOX))
    lines = ["", *(f"  {name:<20}{url}" for name, url in rows), ""]
    lines += ["  Demo logins for the admin (password each: the same as the name)"]
    lines += [f"    {login.username:<18}{login.role}" for login in LOGINS]
    return "\n".join([*lines, "", "  Ctrl-C stops everything; the data stays.", ""])
