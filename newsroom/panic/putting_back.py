"""The way back, first half, before there are settings: the keys, out of an escrow copy into
``KEYS_FILE``. Then processes start again; newsroom/panic/reopening.py is the second half."""

import sys
from getpass import getpass
from pathlib import Path

from newsroom.closed import keys_file, sealed_copy

USAGE = "KEYS_FILE is closed. Give the escrow copy: manage.py recover FILE"


def from_command_line(arguments: list[str]) -> None:
    """Does nothing on a machine that has its keys. Ends the process when it can't be done."""
    since = keys_file.closed_since()
    if not since:
        return
    files = [argument for argument in arguments if not argument.startswith("-")]
    if not files:
        sys.exit(USAGE)
    try:
        put_back(Path(files[0]).read_text(), ask_passphrase(), since)
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"{files[0]}: {error}")
    except sealed_copy.Unopened as reason:
        sys.exit(str(reason))
    sys.stdout.write("The keys are back on this machine, with a new SECRET_KEY.\n")


def put_back(copy: str, passphrase: str, since: str) -> None:
    """Raises Unopened, OSError."""
    keys_file.write(keys_file.renewed(sealed_copy.opened(copy, passphrase), since))


def ask_passphrase() -> str:
    """Never as an argument, which others on the machine could see."""
    if sys.stdin.isatty():
        return getpass("Passphrase: ")
    return sys.stdin.readline().strip()
