"""A mail server that writes down, on the disk, whose mail it has taken before it says so.

Run as ``python -m tests.chaos.smtp_sink PORT LOG``.
"""

import json
import os
import re
import socket
import sys
from pathlib import Path
from threading import Lock, Thread

from tests.subscriptions.sending.mailserver import MailServer, Taken


class Durable(list[Taken]):
    """What the server has taken, on the disk."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.log, self.lock = path.open("ab"), Lock()

    def append(self, taken: Taken) -> None:
        tag = re.search(rb"Message-ID: <(mailing-\d+)\.", taken.raw)
        assert tag
        line = json.dumps({"to": taken.to, "tag": tag[1].decode()}) + "\n"
        with self.lock:
            self.log.write(line.encode())
            self.log.flush()
            os.fsync(self.log.fileno())


def main(port: int, log: Path) -> None:
    server = MailServer(taken=Durable(log))
    with socket.create_server(("127.0.0.1", port)) as listening:
        while True:
            line, _ = listening.accept()
            Thread(target=server.serve, args=[line], daemon=True).start()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
