"""A mail server that takes pipelined commands (RFC 2920) and misbehaves when told to.

``faults`` maps an address to what happens to its message: "550 rcpt", "450 rcpt", "354 anyway",
"550 data", "450 data", "421 data", "drop before", "drop after" (taken, then the line is cut).
``script`` maps a stage ("mail", "rcpt", "data", "end") and an address, or "*", to its answer.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread

from subscriptions.sending import smtp


@dataclass
class Taken:
    sender: str
    to: str
    raw: bytes  # dots unstuffed


@dataclass
class MailServer:
    port: int = 0
    pipelining: bool = True
    faults: dict[str, str] = field(default_factory=dict)
    script: dict[tuple[str, str], str] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0
    greeting: str = "220 test ESMTP"

    def serve(self, line: socket.socket) -> None:
        with suppress(OSError), line:
            self.connections += 1
            self._talk(line, line.makefile("rb"))

    def _talk(self, line: socket.socket, lines: Iterator[bytes]) -> None:
        def say(words: str) -> None:
            line.sendall(f"{words}\r\n".encode())

        def scripted(stage: str, address: str = "*") -> bool:
            words = self.script.get((stage, address)) or self.script.get((stage, "*"))
            if words:
                say(words)
            return bool(words)

        say(self.greeting)
        sender = to = ""
        for command in lines:
            verb, _, rest = command.decode().strip().partition(" ")
            match verb.upper():
                case "EHLO":
                    say(
                        "250-test\r\n250-PIPELINING\r\n250 8BITMIME" if self.pipelining else "250 x"
                    )
                case "MAIL" if sender:
                    say("503 5.5.1 nested MAIL command")
                case "MAIL" if scripted("mail"):
                    pass
                case "RCPT" if not sender:
                    say("503 5.5.1 need MAIL first")
                case "MAIL":
                    sender, to = rest.partition("<")[2].rstrip(">"), ""
                    say("250 2.1.0 Ok")
                case "RCPT":
                    address = rest.partition("<")[2].rstrip(">")
                    fault = self.faults.get(address, "")
                    if scripted("rcpt", address):
                        to = ""
                    elif fault in ("550 rcpt", "450 rcpt", "354 anyway"):
                        say("450 4.2.0 later" if fault.startswith("450") else "550 5.1.1 unknown")
                        to = "" if fault != "354 anyway" else "-"
                    else:
                        to = address
                        say("250 2.1.5 Ok")
                case "DATA" if not to:
                    say("554 5.5.1 no valid recipients")
                case "DATA" if scripted("data", to):
                    pass
                case "DATA":
                    say("354 go on")
                    raw = self._read(lines)
                    if raw is None:
                        return
                    fault = self.faults.get(to, "")
                    if to == "-":
                        say("554 5.5.1 no valid recipients")
                    elif scripted("end", to):
                        pass
                    elif fault == "drop before":
                        self.faults.pop(to)
                        return
                    elif fault == "421 data":
                        self.faults.pop(to)
                        say("421 4.3.2 shutting down")
                        return
                    elif fault.endswith(" data"):
                        say("550 5.7.1 policy" if fault.startswith("550") else "450 4.2.0 later")
                    else:
                        self.taken.append(Taken(sender, to, raw))
                        if fault == "drop after":
                            return
                        say("250 2.0.0 Ok: queued")
                    sender = to = ""
                case "RSET":
                    sender = to = ""
                    say("250 2.0.0 Ok")
                case "QUIT":
                    say("221 2.0.0 Bye")
                    return
                case _:
                    say("500 5.5.2 unknown")

    def _read(self, lines: Iterator[bytes]) -> bytes | None:
        """A message up to its final dot; None if the line ends before."""
        raw = b""
        for text in lines:
            if text == b".\r\n":
                return raw
            raw += text[1:] if text.startswith(b".") else text
        return None


@contextmanager
def running() -> Iterator[MailServer]:
    server = MailServer()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server.port = listening.getsockname()[1]

        def accept() -> None:
            with suppress(OSError):
                while True:
                    line, _ = listening.accept()
                    Thread(target=server.serve, args=[line], daemon=True).start()

        Thread(target=accept, daemon=True).start()
        yield server
        listening.shutdown(socket.SHUT_RDWR)


def reader_of(return_path: str) -> int:
    """The id of the subscriber whose copy has that return path."""
    return smtp.read_return_path(return_path)[1]
