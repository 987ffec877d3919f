"""A mail server of our own: one connection per send loop, pipelined, with a journal per message.

While the server takes a message in, the next one's envelope is already on its way (RFC 2920):
one round trip per message. The journal says how far we got, so that a worker that dies leaves one
message in doubt, not a batch.
"""

import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from newsroom.celery import ending
from newsroom.core import tokens
from newsroom.mail import diagnosis
from newsroom.mail.diagnosis import Stage, Verdict
from subscriptions.sending import mime
from subscriptions.sending.result import SendResult

TIMEOUT = 60  # seconds for any one answer; RFC 5321, 4.5.3.2 would wait longer
IN_A_ROW = 3  # readers refused because of us, by whom a server that refuses everybody shows
MOST_LINES = 20  # of one answer


@dataclass
class Copy:
    """One reader's copy."""

    mailing_id: int
    subscriber_id: int
    email: str
    values: dict[str, str]


class Stop(Exception):
    """The server takes nothing from us now, whoever it is for."""


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
    """Where a bounce of this reader's copy goes (VERP): it names them without their address.

    Of a local part's 64 octets (RFC 5321, 4.5.3.1.1) ours take 33 and the mailing's number.
    """
    local, _, domain = settings.RETURN_PATH.partition("@")
    return f"{local}+{mailing_id}-{tokens.caseless(f'bounce {mailing_id}', subscriber_id)}@{domain}"


def read_return_path(address: str) -> tuple[int, int]:
    """The ids of the mailing and the subscriber, in whatever case it comes. Raises BadToken."""
    mailing, _, token = address.partition("+")[2].partition("@")[0].partition("-")
    if not (mailing.isascii() and mailing.isdecimal() and len(mailing) < 19):
        raise tokens.BadToken
    return int(mailing), tokens.read_caseless(f"bounce {mailing}", token)


class Pipeline:
    """Sends copies of one mail, once each, over a connection that is open already.

    It stops when ``patience`` readers in a row are refused because of us, and at once when that
    happens before or after the recipient's turn.
    """

    def __init__(
        self,
        server: smtplib.SMTP,
        patience: int = 1,
        left_out: Callable[[int], None] = lambda subscriber_id: None,
    ) -> None:
        assert server.sock
        self.sock, self.file = server.sock, server.file or server.sock.makefile("rb")
        self.pipelining = server.has_extn("pipelining")
        self.patience = patience
        self.left_out = left_out  # told of each reader who did not get it, before the journal
        self.result = SendResult()
        self.errors: set[str] = set()
        self.settled = 0  # copies whose fate is known, in their order
        self.in_air = False  # has the next one been handed over, its answer still out?
        self.in_a_row = 0
        self.said = ""  # the server's last “no”, without an address

    def send(
        self, template: mime.Template, copies: list[Copy], journal: Callable[[int, int], None]
    ) -> SendResult:
        """Send to each, until this worker is told to end; ``journal(begun, done)`` is called before
        each message is handed over, and whatever it raises ends the sending."""
        try:
            data, place = b"", 0  # the data goes out together with the next copy's envelope
            while place < len(copies) and not ending():
                copy = copies[place]
                answers = self._hand_over(data, copies[place - 1], envelope(copy))
                data, place = b"", place + 1
                if self._wants_message(copy, answers):
                    data = template.fill(copy.values) + b".\r\n"
                    journal(place, place - 1)
                    self.in_air = True
            self._hand_over(data, copies[place - 1], [])
            journal(place, place)
        except Stop:
            pass
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self.errors.add(f"the connection broke ({type(error).__name__})")
        rest = [copy.subscriber_id for copy in copies[self.settled :]]
        self.result.in_doubt = rest[: int(self.in_air)]
        self.result.untried = rest[int(self.in_air) :]
        if self.said and len(self.result.left_out) == len(copies):
            self.errors.add(f"the mail server said “{self.said}”")
        self.result.error = ", ".join(sorted(self.errors))[:300]
        return self.result

    def _hand_over(self, data: bytes, copy: Copy, commands: list[bytes]) -> list[tuple[int, str]]:
        """Send the message in the air and the commands after it; judge the message's answer, and
        give the commands' answers."""
        together = commands if self.pipelining else []
        if data or together:
            self.sock.sendall(data + b"".join(together))
        if data:
            answer = self._reply()
            self.in_air = False
            self._judge(copy, Stage.DATA, answer)
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
        stage, answer = next(
            (stage, answer)
            for stage, answer in zip(Stage, answers, strict=True)
            if answer[0] // 100 != 2
        )
        self._judge(copy, stage, answer)
        self.sock.sendall(b"RSET\r\n")
        self._reply()
        return False

    def _judge(self, copy: Copy, stage: Stage, answer: tuple[int, str]) -> None:
        """Raises Stop when no other copy would fare better now."""
        code, words = answer
        if code // 100 == 2:
            self.settled += 1
            self.in_a_row = 0
            return
        self.errors.add(f"the mail server answered {code}")
        said = diagnosis.anonymous(f"{code} {words}", copy.email)
        if stage is Stage.MAIL:  # not about this reader, who has not been named yet
            if code // 100 == 5:
                self._server_refuses_us(stage, said)
            raise Stop
        self.left_out(copy.subscriber_id)
        self.settled += 1
        self.said = said
        verdict = diagnosis.by_smtp(stage, f"{code} {words}")
        if code // 100 != 5:
            self.result.later[copy.subscriber_id] = verdict
        elif verdict in (Verdict.DEAD, Verdict.LISTED):
            self.result.refused.append(copy.subscriber_id)
        elif verdict is Verdict.US:
            self._refused_because_of_us(copy, stage)
        else:
            self.result.later[copy.subscriber_id] = verdict
        if code == 421:  # RFC 5321, 3.8: it is closing the channel
            raise smtplib.SMTPServerDisconnected("421")

    def _refused_because_of_us(self, copy: Copy, stage: Stage) -> None:
        self.result.because_of_us.append(copy.subscriber_id)
        self.in_a_row += 1
        if stage is not Stage.RCPT or self.in_a_row >= self.patience:
            self._server_refuses_us(stage, self.said)
            raise Stop
        self.errors.add(f"the mail server said “{self.said}”")

    def _server_refuses_us(self, stage: Stage, said: str) -> None:
        self.errors.add(f"the mail server said “{said}”")
        self.result.problem = f"the mail server refuses us: at {stage} it said “{said}”"

    def _reply(self) -> tuple[int, str]:
        """One answer and the words of its lines. Raises SMTPServerDisconnected, ValueError."""
        words: list[str] = []
        for _ in range(MOST_LINES):
            line = self.file.readline(8192)
            if not line:
                raise smtplib.SMTPServerDisconnected("closed")
            words.append(line[4:].decode("utf-8", "replace").strip())
            if line[3:4] != b"-":
                return int(line[:3]), " ".join(words)
        raise ValueError("an answer without end")


def envelope(copy: Copy) -> list[bytes]:
    return [
        f"MAIL FROM:<{return_path(copy.mailing_id, copy.subscriber_id)}>\r\n".encode(),
        f"RCPT TO:<{copy.email}>\r\n".encode(),
        b"DATA\r\n",
    ]
