"""A mail provider that writes down, on the disk, whom it has accepted before it answers.

Mailgun's send call, its logs and what it counts. ``POST /mode`` says how the next calls are
answered: ``{"mode": …, "times": n}``. Run as ``python -m tests.chaos.sink PORT LOG``.
"""

import asyncio
import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

FIELD = re.compile(rb'name="([^"]+)"\r\n\r\n(.*?)\r\n--', re.DOTALL)
REASONS = {200: "OK", 400: "Bad Request", 429: "Too Many Requests", 500: "Server Error"}
ANSWER = {"id": "<sink@example.org>", "message": "Queued. Thank you."}
HANG, SLOW = 600, 0.3  # seconds
BAD = "reader00007@example.org"  # whom “one bad address” refuses


class Sink:
    def __init__(self, log: Path) -> None:
        self.log = log.open("ab")
        self.accepted: dict[str, list[str]] = {}  # address -> batches
        self.tagged: Counter[str] = Counter()  # mails
        self.mode, self.times = "", 0

    def accept(self, to: list[str], batch: str, tag: str) -> None:
        lines = [json.dumps({"to": one, "batch": batch, "tag": tag}) for one in to]
        self.log.write(("\n".join(lines) + "\n").encode())
        self.log.flush()
        os.fsync(self.log.fileno())
        for one in to:
            self.accepted.setdefault(one, []).append(batch)
        self.tagged[tag] += len(to)

    def next_mode(self) -> str:
        if self.times <= 0:
            return ""
        self.times -= 1
        return self.mode

    async def messages(self, body: bytes) -> tuple[int, Any] | None:
        """The answer to a send call; None: break the connection."""
        fields: dict[str, list[str]] = {}
        for name, value in FIELD.findall(body):
            fields.setdefault(name.decode(), []).append(value.decode())
        to, mode = fields["to"], self.next_mode()
        if mode == "429":
            return 429, {"message": "Too many requests"}
        if mode == "500 before":
            return 500, {}
        if mode == "one bad address":
            self.times += 1  # for as long as the mode is on
            if BAD in to:
                return 400, {"message": "'to' parameter is not a valid address"}
        if mode == "slow":
            self.times += 1
            await asyncio.sleep(SLOW)
        self.accept(to, fields["v:batch"][0], fields["o:tag"][0])
        if mode == "accept then hang":
            await asyncio.sleep(HANG)
        if mode == "accept then reset":
            return None
        if mode == "500 after accept":
            return 500, {}
        return 200, ANSWER

    def logs(self, body: bytes) -> tuple[int, Any]:
        conditions = json.loads(body)["filter"]["AND"]
        [recipient] = [one for one in conditions if one["attribute"] == "recipient"]
        items = [
            {"user-variables": {"batch": batch}, "message": {"headers": {"message-id": "sink"}}}
            for batch in self.accepted.get(recipient["values"][0]["value"], [])
        ]
        return 200, {"items": items}

    def metrics(self, body: bytes) -> tuple[int, Any]:
        [condition] = json.loads(body)["filter"]["AND"]
        count = self.tagged[condition["values"][0]["value"]]
        return 200, {"items": [{"metrics": {"accepted_count": count}}]}

    async def answer(self, head: bytes, body: bytes) -> tuple[int, Any] | None:
        path = head.split(b" ", 2)[1]
        if path == b"/mode":
            wanted = json.loads(body)
            self.mode, self.times = wanted["mode"], wanted["times"]
            return 200, {}
        if path == b"/v1/analytics/logs":
            return self.logs(body)
        if path == b"/v1/analytics/metrics":
            return self.metrics(body)
        return await self.messages(body)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
                answer = await self.answer(head, await reader.readexactly(length))
                if answer is None:
                    writer.transport.abort()
                    return
                status, content = answer
                raw = json.dumps(content).encode()
                lines = f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json\r\n"
                lines += f"Retry-After: 1\r\nContent-Length: {len(raw)}\r\n\r\n"
                writer.write(lines.encode() + raw)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


async def main(port: int, log: Path) -> None:
    server = await asyncio.start_server(Sink(log).serve, "127.0.0.1", port, limit=2**24)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
