"""What the tests need from Debian: found, or installed when we are root."""

import os
import shutil
import subprocess
import sys

# Chromium without windows: a third of the work for the same pages.
CHROMIUM = "/usr/bin/chromium-headless-shell"
# Each with its packages: a browser; two who judge a mail; one who judges the books; what many put
# in front of PostgreSQL (for `make chaos`), and of the site.
TOOLS = {
    "chromium-headless-shell": ["chromium-headless-shell"],
    "spamassassin": ["spamassassin"],
    "tidy": ["tidy"],
    "bean-check": ["beancount"],
    "pgbouncer": ["pgbouncer"],
    "varnishd": ["varnish", "varnish-modules"],
}


def path_of(tool: str) -> str | None:
    """Also of a server, which not everybody has on their path."""
    return shutil.which(tool) or shutil.which(tool, path="/usr/sbin")


def main() -> None:
    missing = [
        package for tool, packages in TOOLS.items() if not path_of(tool) for package in packages
    ]
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
