"""The processes of a local run: our own, and the two sandboxes."""

import socket
import sys
from urllib.parse import urlsplit

from django.conf import settings

from newsroom.demo.people import LOGINS
from newsroom.devserver import engines
from newsroom.devserver.terminal import Process
from newsroom.running import parts

GRANIAN = [sys.executable, "-m", "granian", "--log-level", "warning", "--no-ws", "--http", "1"]
# As `manage.py run web`, alone.
WEB = [sys.executable, "-m", "granian", *parts.WEB, "newsroom.asgi:application"]
PATIENCE = 3  # seconds in which all of ours end; what is broken off goes on at the next start


def place(url: str) -> tuple[str, str]:
    """Address and port; the web server takes no name."""
    found = urlsplit(url)
    return socket.gethostbyname(found.hostname or ""), str(found.port or 80)


def at(url: str) -> list[str]:
    host, port = place(url)
    return ["--host", host, "--port", port]


def sandbox(app: str, url: str) -> list[str]:
    return [*GRANIAN, "--interface", "wsgi", "--blocking-threads", "4", *at(url), app]


def ours() -> Process:
    """All that runs our code, out of one process that has loaded it."""
    host, port = place(settings.BASE_URL)
    return Process(
        "newsroom",
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "run", "--patience", str(PATIENCE)],
        {"GRANIAN_HOST": host, "GRANIAN_PORT": port},
        reloads=True,
        parts=parts.NAMES,
    )


def services() -> list[Process]:
    """The processes of ours, with what each needs to know."""
    found = [ours()]
    if settings.STRIPE_SANDBOX:
        found.append(
            Process(
                "stripe",
                sandbox("donations.sandbox.app:application", settings.STRIPE_SANDBOX),
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
                sandbox("subscriptions.sandbox.app:application", settings.MAIL_SANDBOX),
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
    host, port = place(url)
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, int(port))) == 0


def welcome() -> str:
    rows = [("The site", settings.BASE_URL), ("The admin", f"{settings.BASE_URL}/admin/")]
    if settings.STRIPE_SANDBOX:
        rows.append(("Stripe sandbox", settings.STRIPE_SANDBOX))
    if settings.MAIL_SANDBOX:
        rows.append(("Inbox of all mail", settings.MAIL_SANDBOX))
    lines = ["", *(f"  {name:<20}{url}" for name, url in rows), ""]
    lines += ["  Demo logins for the admin (password each: the name; no second factor)"]
    lines += [f"    {login.username:<18}{login.role}" for login in LOGINS]
    return "\n".join([*lines, "", "  Ctrl-C stops everything; the data stays.", ""])
