"""A mail provider that only counts: Mailgun's send call, as fast as one process can take it."""

import asyncio
import sys

ANSWER = b'{"id": "<sink@example.org>", "message": "Queued. Thank you."}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Sink:
    def __init__(self) -> None:
        self.recipients = self.calls = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
                body = await reader.readexactly(length)
                answer = ANSWER
                if head.startswith(b"GET"):
                    answer = b'{"recipients": %d, "calls": %d}' % (self.recipients, self.calls)
                else:
                    self.calls += 1
                    self.recipients += body.count(b'name="to"') or body.count(b"&to=")
                writer.write(HEAD % len(answer) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            writer.close()


async def main(port: int) -> None:
    server = await asyncio.start_server(Sink().serve, "127.0.0.1", port, limit=2**24)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
