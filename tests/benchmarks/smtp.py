"""A 45 kB issue through our SMTP engine into Postfix's ``smtp-sink``, beside what Django's own
backend and smtplib do with the same mail in the same minute."""

import os
import shutil
import smtplib
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks import given
from tests.benchmarks.mailing import Figures, content, medians, send_once, start_worker
from tests.environment import ROOT, free_port, wait_for_port

PORT = free_port()
ENVIRONMENT = {
    "MAIL_PROVIDER": "smtp",
    "EMAIL_HOST": "127.0.0.1",
    "EMAIL_PORT": str(PORT),
    "EMAIL_USE_TLS": "false",
}
COMPARED = 1000  # mails sent the other ways


def run() -> tuple[dict[str, Any], Figures]:
    recipients = given("RECIPIENTS", 20_000)
    runs = given("RUNS", 3)
    with ExitStack() as stack:
        _start_sink(stack)
        newsletter, size = content(recipients)
        worker = start_worker(stack)
        _, *results = [send_once(newsletter, recipients, worker) for _ in range(runs + 1)]
        figures = medians(results)
        ours = figures["throughput, end to end"][0]
        others = {"Django's backend": _with_django, "smtplib, ready bytes": _with_smtplib}
        for name, send in others.items():
            rate = median(send(newsletter) for _ in range(runs))
            figures[f"{name}, one connection"] = (rate, "mails/s")
            figures[f"ours over {name}"] = (ours / rate, "times")
    return {"recipients": recipients, "runs": runs, "issue_bytes": size}, figures


def _start_sink(stack: ExitStack) -> None:
    folder = _smtp_sink()
    process = subprocess.Popen(
        [folder / "usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{PORT}", "100"],
        env=os.environ | {"LD_LIBRARY_PATH": str(folder / "usr/lib/postfix")},
    )
    stack.callback(process.wait, 10)
    stack.callback(process.terminate)
    wait_for_port(PORT)


def _smtp_sink() -> Path:
    """The root below which smtp-sink lies: installed, or unpacked from Debian's package."""
    if shutil.which("smtp-sink"):
        return Path("/")
    folder = ROOT / "var" / "bench" / "postfix"
    if not (folder / "usr/sbin/smtp-sink").exists():
        folder.mkdir(parents=True, exist_ok=True)
        got = subprocess.run(["apt-get", "download", "-qq", "postfix"], cwd=folder, check=False)
        packages = list(folder.glob("postfix_*.deb"))
        if got.returncode or not packages:
            sys.exit("smtp-sink is missing, and Debian's postfix package can't be downloaded.")
        subprocess.run(["dpkg", "-x", packages[0], folder], check=True)
    return folder


def _with_django(newsletter: Any) -> float:
    from django.core.mail import EmailMultiAlternatives, get_connection

    mailing = newsletter.mailings.latest("pk")
    body = mailing.bodies.get()
    began = time.perf_counter()
    with get_connection() as line:
        for number in range(COMPARED):
            mail = EmailMultiAlternatives(
                mailing.subject, body.text, newsletter.sender, [f"reader{number}@example.org"],
                connection=line,
            )  # fmt: skip
            mail.attach_alternative(body.html, "text/html")
            mail.send()
    return COMPARED / (time.perf_counter() - began)


def _with_smtplib(newsletter: Any) -> float:
    from subscriptions.sending import transports

    mailing = newsletter.mailings.latest("pk")
    values = dict.fromkeys(("email", "message_id", "unsubscribe", "preferences"), "x@example.org")
    ready = transports.template(mailing).fill(values)
    began = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", PORT) as line:
        for number in range(COMPARED):
            line.sendmail("bounces@example.org", f"reader{number}@example.org", ready)
    return COMPARED / (time.perf_counter() - began)
