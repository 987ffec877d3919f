"""A mail server of our own: one connection per send loop, pipelined, with a journal per message.

While the server takes a message in, the next one's envelope is already on its way (RFC 2920):
one round trip per message. The journal says how far we got, so that a worker that dies leaves one
message in doubt, not a batch.
"""

import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings

from newsroom.core import tokens
from subscriptions.sending import mime

TIMEOUT = 60  # seconds for any one answer; RFC 5321, 4.5.3.2 would wait longer


@dataclass
class Copy:
    """One reader's copy."""

    mailing_id: int
    subscriber_id: int
    email: str
    values: dict[str, str]


@dataclass
class PipelineResult:
    """What became of a batch: by subscriber id, who was not served, and why."""

    refused: list[int] = field(default_factory=list)  # 5xx about the address: for good
    later: list[int] = field(default_factory=list)  # not now
    in_doubt: list[int] = field(default_factory=list)  # handed over when the connection broke
    untried: list[int] = field(default_factory=list)  # not handed over when it broke
    errors: list[str] = field(default_factory=list)


def connect() -> smtplib.SMTP:
    """Greeted, encrypted and logged in as the settings say. Raises SMTPException, OSError."""
    at, trust = (settings.EMAIL_HOST, settings.EMAIL_PORT), ssl.create_default_context()
    if settings.EMAIL_USE_SSL:
        server: smtplib.SMTP = smtplib.SMTP_SSL(*at, timeout=TIMEOUT, context=trust)
    else:
        server = smtplib.SMTP(*at, timeout=TIMEOUT)
    server.ehlo_or_helo_if_needed()
    if settings.EMAIL_USE_TLS:
        server.starttls(context=trust)
        server.ehlo()
    if settings.EMAIL_HOST_USER:
        server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    assert server.sock
    server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server


def return_path(mailing_id: int, subscriber_id: int) -> str:
    """Where a bounce of this reader's copy goes (VERP): it names them without their address."""
    local, _, domain = settings.RETURN_PATH.partition("@")
    return (
        f"{local}+{mailing_id}-{tokens.permanent(f'bounce {mailing_id}', subscriber_id)}@{domain}"
    )


def read_return_path(address: str) -> tuple[int, int]:
    """The ids of the mailing and the subscriber. Raises BadToken."""
    mailing, _, token = address.partition("+")[2].partition("@")[0].partition("-")
    if not mailing.isdecimal():
        raise tokens.BadToken
    return int(mailing), tokens.read_permanent(f"bounce {mailing}", token)


class Pipeline:
    """Sends copies of one mail, once each, over a connection that is open already."""

    def __init__(self, server: smtplib.SMTP) -> None:
        assert server.sock
        self.sock, self.file = server.sock, server.file or server.sock.makefile("rb")
        self.pipelining = server.has_extn("pipelining")
        self.outcome = PipelineResult()
        self.settled = 0  # copies whose fate is known, in their order
        self.in_air = False  # has the next one been handed over, its answer still out?

    def send(
        self, template: mime.Template, copies: list[Copy], journal: Callable[[int, int], None]
    ) -> PipelineResult:
        """Send to each; ``journal(begun, done)`` is called before each message is handed over,
        and whatever it raises ends the sending."""
        try:
            data = b""  # goes out together with the next copy's envelope
            for place, copy in enumerate(copies):
                answers = self._hand_over(data, copies[place - 1], envelope(copy))
                data = b""
                if self._wants_message(copy, answers):
                    data = template.fill(copy.values) + b".\r\n"
                    journal(place + 1, place)
                    self.in_air = True
            self._hand_over(data, copies[-1], [])
            journal(len(copies), len(copies))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            rest = [copy.subscriber_id for copy in copies[self.settled :]]
            self.outcome.in_doubt = rest[: int(self.in_air)]
            self.outcome.untried = rest[int(self.in_air) :]
            self.outcome.errors.append(f"the connection broke ({type(error).__name__})")
        return self.outcome

    def _hand_over(self, data: bytes, copy: Copy, commands: list[bytes]) -> list[tuple[int, str]]:
        """Send the message in the air and the commands after it; judge the message's answer, and
        give the commands' answers."""
        together = commands if self.pipelining else []
        if data or together:
            self.sock.sendall(data + b"".join(together))
        if data:
            answer = self._reply()
            self.in_air = False
            self._judge(copy, answer)
        answers = []
        for command in commands:
            if not self.pipelining:
                self.sock.sendall(command)
            answers.append(self._reply())
        return answers

    def _wants_message(self, copy: Copy, answers: list[tuple[int, str]]) -> bool:
        """True if the envelope was taken. Otherwise judge it, and clear the line."""
        (mail, _), (rcpt, _), (data, _) = answers
        if mail // 100 == 2 and rcpt // 100 == 2 and data == 354:
            return True
        if data == 354:  # it waits for a message, though it took no recipient (RFC 2920, 3.1)
            self.sock.sendall(b".\r\n")
            self._reply()
        self._judge(copy, next(answer for answer in answers if answer[0] // 100 != 2))
        self.sock.sendall(b"RSET\r\n")
        self._reply()
        return False

    def _judge(self, copy: Copy, answer: tuple[int, str]) -> None:
        code, words = answer
        self.settled += 1
        if code // 100 == 2:
            return
        # 5.1.x is about the address (RFC 3463); any other refusal may pass.
        for_good = code // 100 == 5 and (words.startswith("5.1.") or code in (550, 551, 553))
        (self.outcome.refused if for_good else self.outcome.later).append(copy.subscriber_id)
        self.outcome.errors.append(f"the mail server answered {code}")
        if code == 421:  # RFC 5321, 3.8: it is closing the channel
            raise smtplib.SMTPServerDisconnected("421")

    def _reply(self) -> tuple[int, str]:
        """One answer, its last line's words. Raises SMTPServerDisconnected, ValueError."""
        while True:
            line = self.file.readline(8192)
            if not line:
                raise smtplib.SMTPServerDisconnected("closed")
            if line[3:4] != b"-":
                return int(line[:3]), line[4:].decode("ascii", "replace")


def envelope(copy: Copy) -> list[bytes]:
    return [
        f"MAIL FROM:<{return_path(copy.mailing_id, copy.subscriber_id)}>\r\n".encode(),
        f"RCPT TO:<{copy.email}>\r\n".encode(),
        b"DATA\r\n",
    ]
