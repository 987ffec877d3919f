"""Closed in the middle of a send, with all processes running; and the way back."""

import time
from collections.abc import Iterator

import psutil
import pytest
import requests

from tests.faults.test_up import mails_per_reader, send_now
from tests.product import Product, running

pytestmark = pytest.mark.rare
PROCESSES = 12  # of ours at least: web and its worker, four workers and theirs, beat
READERS = 2400  # of the demo's newsletter


@pytest.fixture
def product() -> Iterator[Product]:
    with running("panic", keys_file=True) as product:
        yield product


def answers(product: Product, path: str = "/") -> int:
    try:
        return requests.get(product.web + path, timeout=5).status_code
    except requests.RequestException:
        return 0


def test_there_and_back(product: Product) -> None:
    copy = product.var / "copy.txt"
    passphrase = product.manage("escrow", "make", str(copy)).stdout.split()[1]
    assert product.manage("escrow", "check", str(copy), typed=passphrase).returncode == 0
    [run] = product.find("manage.py", " run ")
    product.until(lambda: len(run.children(recursive=True)) >= PROCESSES, 60)
    holders = [run, *run.children(recursive=True)]

    mailing = send_now(product, most_per_second=20)
    product.until(lambda: sum(mails_per_reader(product).values()) >= 1, 120)
    said = product.manage("panic", "--yes")
    assert said.returncode == 0, said.stdout + said.stderr
    keys = product.var / "keys.env"
    assert keys.read_text().startswith("CLOSED_SINCE=")
    # Every process that had the keys in its memory is gone within seconds, the web comes closed.
    product.until(lambda: not any(one.is_running() for one in holders), 20)
    product.until(lambda: answers(product) == 503, 60)
    assert "closed for now" in requests.get(product.web, timeout=5).text
    assert answers(product, "/readyz") == 200
    assert not any("SECRET_KEY" in environment_of(one) for one in product.children())
    assert product.manage("staff", "disable", "editor").returncode != 0
    stopped = sum(mails_per_reader(product).values())
    time.sleep(8)
    assert sum(mails_per_reader(product).values()) == stopped < READERS

    wrong = product.manage("recover", str(copy), typed="another one")
    assert wrong.returncode != 0 and "Another passphrase" in wrong.stderr
    back = product.manage("recover", str(copy), typed=passphrase)
    assert back.returncode == 0, back.stdout + back.stderr
    product.until(lambda: answers(product) == 200, 90)
    # Nothing goes on before somebody resumes it; then everybody has it once.
    time.sleep(12)
    assert sum(mails_per_reader(product).values()) == stopped
    status = f"SELECT status FROM subscriptions_mailing WHERE id = {mailing}"
    assert product.sql(status) == [("paused",)]
    product.sql("UPDATE subscriptions_throttle SET most_per_second = NULL")
    assert product.manage("mailing", "resume", str(mailing)).returncode == 0
    product.until(lambda: product.sql(status) == [("sent",)], 180)
    assert mails_per_reader(product) == {1: READERS}


def environment_of(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.NoSuchProcess:
        return {}
