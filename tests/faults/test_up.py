"""`make up` under fire: one process killed, everything killed, everything stopped."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil
import pytest
import requests

from tests.environment import ROOT
from tests.product import Product


def send_now(product: Product, most_per_second: int | None = None) -> int:
    """Approve the demo's newest issue for now, as the desk's button does; the mailing's id."""
    script = f"""
from django.utils import timezone
from newsroom.mail import providers
from subscriptions.sending import freezing
from subscriptions.models import IssuePage, Mailing, Throttle
speed = {{"most_per_second": {most_per_second}}}
Throttle.objects.update_or_create(provider=providers.current().key, defaults=speed)
issue = IssuePage.objects.exclude(mailings__isnull=False).order_by("-issue_on").first()
print("mailing", freezing.approve(issue, None, timezone.now()).pk)
"""
    command = [sys.executable, "manage.py", "shell", "-c", script]
    answer = subprocess.run(
        command, cwd=ROOT, env=product.environment, capture_output=True, text=True, check=True
    )
    return int(answer.stdout.rpartition("mailing ")[2])


def mails_per_reader(product: Product) -> Counter:
    """How many readers got how many copies, by the provider's own record."""
    import sqlite3

    with sqlite3.connect(product.var / "mail.sqlite3") as db:
        rows = db.execute(
            "SELECT count(*) FROM mails WHERE email LIKE 'reader%' GROUP BY email"
        ).fetchall()
    return Counter(count for (count,) in rows)


@pytest.mark.rare
def test_killing_the_sender_in_the_middle_of_a_send_loses_no_one(product: Product) -> None:
    fault = {"mode": "accept then hang", "times": 1}
    requests.post(f"{product.mail}/faults", data=fault, timeout=10)
    mailing = send_now(product)
    status = f"SELECT status FROM subscriptions_mailing WHERE id = {mailing}"
    sending = "SELECT count(*) FROM subscriptions_batch WHERE status = 'sending'"
    product.until(lambda: product.sql(sending)[0][0] >= 1, 60)
    product.until(lambda: sum(mails_per_reader(product).values()) >= 1, 60)
    for process in product.find("sender@"):
        process.kill()  # the pool's processes too, in the middle of their calls
    product.until(lambda: product.sql(status) == [("sent",)], 120)
    assert mails_per_reader(product) == Counter({1: 2400})
    assert "sender killed by signal 9: starting it again" in product.output()


@pytest.mark.rare
def test_sender_that_is_told_to_end_makes_its_present_call_and_goes(product: Product) -> None:
    """A send loop lasts a minute; the rest is left to the next worker."""
    had = mails_per_reader(product)
    mailing = send_now(product, most_per_second=50)
    product.until(lambda: mails_per_reader(product) != had, 60)
    [sender, *_] = product.find("sender@")
    begun = time.monotonic()
    sender.terminate()
    sender.wait(30)
    assert time.monotonic() - begun < 10
    product.sql("UPDATE subscriptions_throttle SET most_per_second = NULL")
    status = f"SELECT status FROM subscriptions_mailing WHERE id = {mailing}"
    product.until(lambda: product.sql(status) == [("sent",)], 120)
    assert mails_per_reader(product) == Counter({max(had, default=0) + 1: 2400})


@pytest.mark.parametrize(
    "words",
    [
        ("postgres", "-D"),
        ("worker@",),
        *(
            pytest.param(words, marks=pytest.mark.rare)
            for words in (("redis-server",), ("newsroom.asgi",), ("celery beat",),
                          ("donations.sandbox",), ("subscriptions.sandbox",))
        ),
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_killed_process_is_reported_and_started_again(product: Product, words) -> None:
    victim = product.find(*words)[0]
    family = [victim, *victim.children(recursive=True)]
    restarts = product.output().count("starting it again")
    victim.kill()
    product.until(lambda: product.output().count("starting it again") > restarts, 30)
    # A child may go on serving for a moment: only its successor's answer counts.
    product.until(lambda: all(gone(process) for process in family), 30)
    product.until(lambda: ready(product), 60)
    assert "killed by signal 9: starting it again" in product.output()


def test_web_whose_workers_died_answers_again_by_itself(product: Product) -> None:
    main, *workers = product.find("newsroom.asgi")
    for worker in workers:
        worker.kill()
    product.until(lambda: all(map(gone, workers)) and ready(product), 30)
    assert main.is_running()


def test_no_page_fails_after_the_database_has_cut_all_connections(product: Product) -> None:
    """As its restart does, to each connection in the web's pools."""
    paths = [
        "/",
        "/support/",
        "/newsletter/weekly/",
        "/search/?q=bread",
        "/admin/login/",
        "/readyz",
    ]

    def ask(path: str) -> int:
        return requests.get(product.web + path, timeout=60).status_code

    found: Counter[int] = Counter()
    with ThreadPoolExecutor(8) as threads:
        for _ in range(5):
            found.update(threads.map(ask, paths * 4))
            product.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = 'newsroom' AND pid <> pg_backend_pid()"
            )
    assert found == Counter({200: 120})


def gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def ready(product: Product) -> bool:
    try:
        answers = [requests.get(url, timeout=5) for url in (
            f"{product.web}/readyz", f"{product.web}/", product.stripe, product.mail)]  # fmt: skip
    except requests.RequestException:
        return False
    return all(answer.ok for answer in answers)


def test_work_goes_on_after_all_that(product: Product) -> None:
    form = {"email": "after@example.org", "consent": "on"}
    requests.post(f"{product.web}/newsletter/weekly/signup/", data=form, timeout=10)
    product.mail_to("after@example.org", "Please confirm", 60)


def test_bounce_comes_back_as_a_signed_webhook(product: Product) -> None:
    form = {"email": "bounce-me@example.org", "consent": "on"}
    requests.post(f"{product.web}/newsletter/weekly/signup/", data=form, timeout=10)
    suppressed = "SELECT reason FROM newsroom_suppression"
    product.until(lambda: product.sql(suppressed) == [("bounce",)], 60)


@pytest.mark.rare
def test_event_that_found_nobody_is_delivered_again(product: Product) -> None:
    """The reader pays while our web is down: Stripe tells later."""
    form = {"frequency": "once", "amount": "10", "currency": "usd"}
    url = f"{product.web}/support/checkout/"
    page = requests.post(url, data=form, allow_redirects=False, timeout=20).headers["Location"]
    for process in product.find("newsroom.asgi"):
        with suppress(psutil.NoSuchProcess):  # its parent was one of them
            process.kill()
    card = {"email": "down@example.org", "name": "Ann", "card": "4242424242424242"}
    requests.post(page, data=card, allow_redirects=False, timeout=20)
    arrived = "SELECT count(*) FROM donations_contribution WHERE status = 'succeeded'"
    product.until(lambda: product.sql(arrived) == [(1,)], 60)
    product.mail_to("down@example.org", "Thank you", 60)


@pytest.mark.rare
def test_frozen_redis_breaks_no_readers_request_and_loses_no_mail(product: Product) -> None:
    [redis] = product.find("redis-server")
    redis.suspend()
    try:
        assert requests.get(product.web, timeout=60).status_code == 200
        form = {"email": "frozen@example.org", "consent": "on"}
        url = f"{product.web}/newsletter/weekly/signup/"
        assert requests.post(url, data=form, timeout=60).status_code == 200
    finally:
        redis.resume()
    product.mail_to("frozen@example.org", "Please confirm", 60)


def test_ten_megabytes_are_refused_by_the_running_product(product: Product) -> None:
    for path in ("/newsletter/weekly/signup/", "/support/checkout/", "/webhooks/stripe/"):
        answer = requests.post(product.web + path, data=b"a=" + b"x" * 10_000_000, timeout=30)
        assert answer.status_code == 413, path


def test_no_address_is_in_any_log(product: Product) -> None:
    addresses = re.findall(r"[\w.+-]+(?:@|%40)[\w-]+\.[\w.]+", product.output())
    assert addresses == []


@pytest.mark.rare  # each start loads Django anew
def test_second_up_is_told_that_one_is_running(product: Product) -> None:
    for change, message in (
        ({}, "is taken by another program"),
        (
            {"BASE_URL": "http://127.0.0.1:1", "STRIPE_SANDBOX_URL": "http://127.0.0.1:2",
             "MAIL_SANDBOX_URL": "http://127.0.0.1:3"},
            "PostgreSQL already runs for this checkout",
        ),
    ):  # fmt: skip
        answer = subprocess.run(
            [sys.executable, "manage.py", "up"], cwd=ROOT, env=product.environment | change,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert answer.returncode != 0
        assert message in answer.stderr
        assert "Traceback" not in answer.stderr


def left_behind(product: Product) -> list[str]:
    """Processes of that world that outlive it: each carries its folder in its environment or
    its command."""
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
            here = process.environ().get("NEWSROOM_VAR") == str(product.var)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if (here or str(product.var) in words) and process.pid != os.getpid():
            found.append(words)
    return found


def test_ctrl_c_leaves_no_process_and_loses_nothing(product: Product) -> None:
    readers = product.sql("SELECT count(*) FROM subscriptions_subscriber")
    begun = time.monotonic()
    assert product.stop() == 0
    assert time.monotonic() - begun < 5
    assert left_behind(product) == []
    product.start()
    assert product.sql("SELECT count(*) FROM subscriptions_subscriber") == readers


@pytest.mark.rare
def test_killing_up_itself_leaves_no_process(product: Product) -> None:
    assert product.process
    os.kill(product.process.pid, signal.SIGKILL)
    product.process.wait()
    product.until(lambda: left_behind(product) == [], 60)
    product.start()
    assert ready(product)
