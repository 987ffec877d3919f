"""A server of S3's protocol on 127.0.0.1 that looks who asks, and a wire to it that can be cut."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
import requests

from tests.environment import free_port, wait_for_port

BUCKET, ELSEWHERE = "backups", "not-ours"
MAY = """{"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Action": "s3:*",
    "Resource": ["arn:aws:s3:::backups", "arn:aws:s3:::backups/*"]
}]}"""


@dataclass(frozen=True)
class Server:
    url: str
    access_key: str
    secret_key: str

    @cache  # noqa: B019
    def client(self, service: str = "s3") -> Any:
        return boto3.client(
            service, endpoint_url=self.url, region_name="us-east-1",
            aws_access_key_id=self.access_key, aws_secret_access_key=self.secret_key,
        )  # fmt: skip


@contextmanager
def s3_server() -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, **quiet)
    try:
        wait_for_port(port, 120)
        url = f"http://127.0.0.1:{port}"
        root = Server(url, "root", "root")
        for bucket in (BUCKET, ELSEWHERE):
            root.client().create_bucket(Bucket=bucket)
        iam = root.client("iam")
        iam.create_user(UserName="backups")
        iam.put_user_policy(UserName="backups", PolicyName="may", PolicyDocument=MAY)
        made = iam.create_access_key(UserName="backups")["AccessKey"]
        requests.post(f"{url}/moto-api/reset-auth", data="0", timeout=10)
        yield Server(url, made["AccessKeyId"], made["SecretAccessKey"])
    finally:
        process.kill()
        process.wait()


@contextmanager
def ended(end: socket.socket) -> Iterator[None]:
    """Told to the other side, which closing alone does not while a thread reads."""
    with end:
        yield
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def wire(to: str, most: int) -> Iterator[str]:
    """An address that leads there, until so many bytes have gone: then it is cut for good."""
    left = most
    there = ("127.0.0.1", int(to.rpartition(":")[2]))
    listener = socket.create_server(("127.0.0.1", 0))

    def carry(source: socket.socket, sink: socket.socket, counts: bool) -> None:
        nonlocal left
        with ended(source), ended(sink), suppress(OSError):
            while (data := source.recv(65_536)) and left > 0:
                left -= len(data) if counts else 0
                sink.sendall(data)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                if left <= 0:
                    near.close()
                    continue
                far = socket.create_connection(there)
                for pair in ((near, far, True), (far, near, False)):
                    threading.Thread(target=carry, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
