"""What the tests need from Debian: found, or installed when we are root."""

import os
import shutil
import subprocess
import sys

# Chromium without windows: a third of the work for the same pages.
CHROMIUM = "/usr/bin/chromium-headless-shell"
# Each is the program and the package: a browser; two who judge a mail; for `make chaos`, what many
# put in front of PostgreSQL.
TOOLS = ["chromium-headless-shell", "spamassassin", "tidy", "pgbouncer"]


def path_of(tool: str) -> str | None:
    """Also of a server, which not everybody has on their path."""
    return shutil.which(tool) or shutil.which(tool, path="/usr/sbin")


def main() -> None:
    missing = [tool for tool in TOOLS if not path_of(tool)]
    if not missing:
        return
    wanted = " ".join(missing)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.stdout.write(f"Missing for some tests: `sudo apt install {wanted}`.\n")
        return
    sys.stdout.write(f"Installing {wanted} …\n")
    quiet = {
        "stdout": subprocess.DEVNULL,
        "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
    }
    subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    subprocess.run(install, check=os.environ.get("BROWSER") == "required", **quiet)


if __name__ == "__main__":
    main()
