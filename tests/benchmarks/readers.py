"""Moving in: a list of readers looked through and imported by one job, as a worker does it."""

import csv
import os
import random
import resource
import time
from collections.abc import Iterator
from typing import Any

from tests.benchmarks import given

READERS = given("READERS", 200_000)
PROVIDERS = ["gmail.com", "yahoo.com", "outlook.com", "gmx.de", "mail.ru", "example.org"]
HEAD = [
    "Email Address", "First Name", "Last Name", "MEMBER_RATING", "OPTIN_TIME", "OPTIN_IP",
    "CONFIRM_TIME", "CONFIRM_IP", "GMTOFF", "DSTOFF", "TIMEZONE", "CC", "REGION", "LAST_CHANGED",
    "LEID", "EUID", "NOTES", "TAGS",
]  # fmt: skip
Figures = dict[str, tuple[float, str]]


def run() -> tuple[dict[str, Any], Figures]:
    from subscriptions.models import Consent, ReaderCount, ReaderImport, Subscription
    from subscriptions.transfer import importing
    from subscriptions.transfer.meaning import Mapping
    from tests.factories import make_site

    newsletter = make_site().newsletter
    path = os.path.join(os.environ["NEWSROOM_VAR"], "subscribed_members_export_1f.csv")
    size = write_export(path, READERS)
    with open(path, "rb") as file:
        taken, made = timed(lambda: importing.take(newsletter, file, os.path.basename(path)))
    importing.explain(made, Mapping(**made.mapping), "They agreed on our old site.")
    checked, _ = timed(lambda: importing.work(made))
    importing.begin(made)
    imported, _ = timed(lambda: importing.work(made))
    assert made.status == ReaderImport.Status.DONE, made.problem
    assert made.counts["added"] == READERS == Consent.objects.count()
    assert Subscription.objects.filter(status="confirmed").count() == READERS
    assert ReaderCount.objects.of(newsletter) == READERS
    with open(path, "rb") as file:
        again = importing.take(newsletter, file, os.path.basename(path))
    importing.explain(again, Mapping(**again.mapping), "They agreed on our old site.")
    importing.work(again)
    importing.begin(again)
    twice, _ = timed(lambda: importing.work(again))
    assert again.counts == {"there": READERS, "problems": 0}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"readers": READERS, "file": f"{size / 1e6:.0f} MB"}, {
        "taken in, sealed": (READERS / taken, "rows/s"),
        "looked through": (READERS / checked, "rows/s"),
        "imported": (READERS / imported, "rows/s"),
        "imported once more": (READERS / twice, "rows/s"),
        "memory at most": (memory, "MB"),
    }


def timed(what: Any) -> tuple[float, Any]:
    began, busy = time.perf_counter(), time.process_time()
    found = what()
    seconds = time.perf_counter() - began
    print(f"{seconds:.1f} s, of which {time.process_time() - busy:.1f} s Python")  # noqa: T201
    return seconds, found


def write_export(path: str, count: int) -> int:
    """As Mailchimp writes one; its size in bytes."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEAD)
        writer.writerows(rows(count))
        return file.tell()


def rows(count: int) -> Iterator[list[str]]:
    chance = random.Random(19)
    for number in range(count):
        day = f"20{chance.randrange(12, 26)}-0{chance.randrange(1, 10)}-{chance.randrange(10, 28)}"
        yield [
            f"Reader.{number}@{chance.choice(PROVIDERS)}", "Anna", "Müller", "2", f"{day} 10:00:00",
            "192.0.2.7", f"{day} 10:05:00", "192.0.2.7", "1", "2", "Europe/Berlin", "de", "BE",
            f"{day} 10:05:00", str(number), "abcdef1234", "", '"News","Berlin"',
        ]  # fmt: skip
