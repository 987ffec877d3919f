"""Chromium for the browser tests: found, or installed from Debian when we are root."""

import os
import shutil
import subprocess
import sys

CHROMIUM = "/usr/bin/chromium"


def main() -> None:
    if shutil.which("chromium"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.stdout.write("No Chromium: `sudo apt install chromium` to run the browser tests.\n")
        return
    sys.stdout.write("Installing Chromium …\n")
    quiet = {
        "stdout": subprocess.DEVNULL,
        "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
    }
    subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
    subprocess.run(install, check=os.environ.get("BROWSER") == "required", **quiet)


if __name__ == "__main__":
    main()
