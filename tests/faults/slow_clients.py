"""Clients that hold a connection as long as they can, each kind in its own way."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

FORM = "POST /newsletter/weekly/signup/ HTTP/1.1\r\nHost: {host}\r\n"
FORM += "Content-Type: application/x-www-form-urlencoded\r\n"
HOOK = "POST /webhooks/stripe/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 900000\r\n\r\n"

# What each kind sends at once, and then bit by bit, one a second.
KINDS: dict[str, tuple[str, list[str]]] = {
    "connects and says nothing": ("", []),
    "headers, one by one": ("GET / HTTP/1.1\r\nHost: {host}\r\n", ["X-A: b\r\n"] * 600),
    "headers, byte by byte": ("GET", list(" / HTTP/1.1\r\nHost: {host}\r\nX-Long: " + "x" * 600)),
    "a body that never comes": (FORM + "Content-Length: 500\r\n\r\n", []),
    "a body, byte by byte": (FORM + "Content-Length: 500\r\n\r\n", list("email=" + "x" * 600)),
    "a chunked body, by and by": (
        FORM + "Transfer-Encoding: chunked\r\n\r\n", ["1\r\nx\r\n"] * 600,
    ),
    "an event of a megabyte": (HOOK, ["x" * 10] * 600),
    "an upload to the admin": (
        "POST /admin/login/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9000000\r\n"
        "Cookie: sessionid=made-up\r\n\r\n", ["x" * 10] * 600,
    ),
    "giving, byte by byte": (
        FORM.replace("/newsletter/weekly/signup/", "/support/checkout/")
        + "Content-Length: 500\r\n\r\n", list("x" * 600),
    ),
    # Twenty answers asked for, none of them read.
    "reads no answer": ("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n" * 20, []),
}  # fmt: skip


@contextmanager
def slow_clients(url: str, many: int, path: str = "/") -> Iterator[None]:
    """So many connections, of each kind about as many; those that are closed are made anew."""
    place = urlsplit(url)
    host, port = place.hostname or "127.0.0.1", place.port or 80
    kinds = list(KINDS.values())
    reads_not = list(KINDS).index("reads no answer")
    stop = threading.Event()
    names = {"{host}": place.netloc, "{path}": path}

    def fill(text: str) -> bytes:
        for name, value in names.items():
            text = text.replace(name, value)
        return text.encode()

    def connect(number: int) -> tuple[socket.socket, list[str]]:
        first, rest = kinds[number % len(kinds)]
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.settimeout(10)
        client.connect((host, port))
        client.settimeout(0.01)
        with suppress(OSError):
            client.sendall(fill(first))
        return client, list(rest)

    def keep() -> None:
        clients = dict(enumerate(connect(number) for number in range(many)))
        ready.set()
        while not stop.wait(1):
            for number, (client, rest) in clients.items():
                try:
                    if rest:
                        client.send(fill(rest.pop(0)))
                    elif number % len(kinds) != reads_not and client.recv(1) == b"":
                        raise ConnectionResetError
                except TimeoutError:
                    pass
                except OSError:
                    client.close()
                    with suppress(OSError):
                        clients[number] = connect(number)
        for client, _ in clients.values():
            client.close()

    ready = threading.Event()
    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    ready.wait(60)
    try:
        yield
    finally:
        stop.set()
        keeper.join(30)
