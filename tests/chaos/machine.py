"""A Debian of its own, from nothing: debootstrap fills a folder, systemd-nspawn boots it with a
network that has a loopback and nothing else. Root only."""

import ctypes
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from tests.environment import ROOT

TOOLS = {"debootstrap": "debootstrap", "systemd-nspawn": "systemd-container"}
SYSTEM = "systemd,systemd-sysv,dbus,ca-certificates"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")  # whom this machine believes
PACKAGES = ROOT / "var" / "packages"  # that one has fetched, for the next: a mirror may be away
NETWORK = 0x40000000  # CLONE_NEWNET, setns(2)
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root", "TERM": "dumb", "PIP_CERT": "/certificates", "SSL_CERT_FILE": "/certificates",
    "PIP_DEFAULT_TIMEOUT": "180", "UV_HTTP_TIMEOUT": "180",
}  # fmt: skip


def missing() -> str:
    """Why there can be no such machine here, "" if there can."""
    if os.geteuid() != 0:
        return "only root can make a machine"
    packages = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    return f"`sudo apt install {' '.join(packages)}`" if packages else ""


class Machine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = (folder.parent / "machine.log").open("ab")
        self.running: subprocess.Popen[bytes] | None = None

    def make(self, release: str) -> None:
        PACKAGES.mkdir(parents=True, exist_ok=True)
        command = ["debootstrap", "--variant=minbase", f"--include={SYSTEM}"]
        self.outside([*command, f"--cache-dir={PACKAGES}", release, str(self.folder)])
        self.put("etc/apt/apt.conf.d/80retries", b'Acquire::Retries "12";\n')

    def outside(self, command: list[str]) -> None:
        subprocess.run(["nice", "-n", "19", *command], check=True, stdout=self.log, stderr=self.log)

    def put(self, path: str, content: bytes) -> None:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)

    def check_out(self, into: str) -> None:
        """What git has of this checkout, as it is now."""
        names = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT).split(b"\0")
        with tarfile.open(fileobj=BytesIO(packed(names))) as archive:
            archive.extractall(self.folder / into)

    def prepare(self, *command: str) -> str:
        """With this machine's network, and nothing running."""
        self.put("etc/resolv.conf", Path("/etc/resolv.conf").read_bytes())
        self.put("certificates", CERTIFICATES.read_bytes())
        fetched = self.folder / "var/cache/apt/archives"
        shutil.copytree(PACKAGES, fetched, dirs_exist_ok=True)
        inside = ["unshare", "-mpf", "--mount-proc", "chroot", str(self.folder)]
        said = self.output([*inside, *with_environment(), *command])[1]
        for package in fetched.glob("*.deb"):
            shutil.copy(package, PACKAGES)
        return said

    def boot(self) -> None:
        command = ["systemd-nspawn", "-q", "-D", str(self.folder), "--boot", "--private-network"]
        command += ["--register=no", "--keep-unit", f"--machine=newsroom-{os.getpid()}"]
        self.running = subprocess.Popen(
            ["nice", "-n", "19", *command], stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 120
        while self.run("systemctl", "is-system-running")[1].strip() not in ("running", "degraded"):
            alive = self.running.poll() is None and time.monotonic() < deadline
            assert alive, "the machine does not start: see var/machine.log"
            time.sleep(1)

    @property
    def first(self) -> int:
        """Its process number one, as we see it; 0 before there is one."""
        assert self.running
        children = Path(f"/proc/{self.running.pid}/task/{self.running.pid}/children").read_text()
        return int((children.split() or ["0"])[0])

    def run(self, *command: str) -> tuple[int, str]:
        """In the booted machine: exit code, and all that it printed."""
        into = ["nsenter", "-t", str(self.first), "-a", "-r", *with_environment()]
        return self.output([*into, *command])

    def output(self, command: list[str]) -> tuple[int, str]:
        done = subprocess.run(
            ["nice", "-n", "19", *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        )  # fmt: skip
        self.log.write(done.stdout.encode())
        self.log.flush()
        return done.returncode, done.stdout

    @contextmanager
    def network(self) -> Iterator[None]:
        """For this long this thread, and what it starts, is on the machine's network."""
        with Path("/proc/self/ns/net").open() as ours:
            with Path(f"/proc/{self.first}/ns/net").open() as its:
                enter(its.fileno())
            try:
                yield
            finally:
                enter(ours.fileno())

    def stop(self) -> None:
        if self.running is None:
            return
        self.running.send_signal(signal.SIGTERM)  # as a button on the machine: it shuts down
        try:
            self.running.wait(90)
        except subprocess.TimeoutExpired:
            os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait()


def enter(network: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(network, NETWORK):
        raise OSError(ctypes.get_errno(), "setns")


def with_environment() -> list[str]:
    return ["env", "-i", *(f"{name}={value}" for name, value in ENVIRONMENT.items())]


def packed(names: list[bytes]) -> bytes:
    there = b"\0".join(name for name in names if name and (ROOT / name.decode()).exists())
    command = ["tar", "--null", "-T", "-", "-cf", "-"]
    return subprocess.run(command, cwd=ROOT, input=there, capture_output=True, check=True).stdout


@contextmanager
def a_machine() -> Iterator[Machine]:
    """Gone afterwards; its log stays in var/."""
    folder = Path(tempfile.mkdtemp(prefix="newsroom-machine-"))
    machine = Machine(folder / "root")
    try:
        yield machine
    finally:
        machine.stop()
        kept = ROOT / "var" / "machine.log"
        kept.parent.mkdir(exist_ok=True)
        shutil.copy(folder / "machine.log", kept)
        shutil.rmtree(folder, ignore_errors=True)
