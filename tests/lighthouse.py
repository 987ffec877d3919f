"""``make lighthouse``: what Lighthouse says of six pages on a slow phone, four numbers of 100 each;
less than 99 is a failure. Needs Node.js and npm, which nothing else here does; `make test` leaves
it out, since its speed is that of the machine."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.product import Product, running
from tests.tools import CHROMIUM
from tests.worlds import ROOT

LIGHTHOUSE = "lighthouse@12.8.2"
KINDS = ["performance", "accessibility", "best-practices", "seo"]
LEAST = 99
FOLDER = ROOT / "var" / "lighthouse"
FLAGS = "--headless --no-sandbox --disable-gpu --disable-background-networking"


def installed() -> str:
    """Its program, from npm."""
    program = FOLDER / "node_modules" / ".bin" / "lighthouse"
    if not program.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--no-audit", "--no-fund", "--silent", LIGHTHOUSE]
        subprocess.run(install, cwd=FOLDER, check=True)
    return str(program)


def pages(product: Product) -> dict[str, str]:
    """What it looks at: its name -> its path."""

    def newest(table: str) -> str:
        query = (
            f"SELECT url_path FROM wagtailcore_page p JOIN {table} t ON t.page_ptr_id = p.id"
            " WHERE live ORDER BY first_published_at DESC NULLS LAST LIMIT 1"
        )
        [(path,)] = product.sql(query)
        return "/" + str(path).split("/", 2)[2]  # without the front page's own slug

    return {
        "front page": "/",
        "article": newest("newsroom_articlepage"),
        "topic": "/topic/data/",
        "giving": "/support/",
        "newsletter": newest("subscriptions_newsletter"),
        "issue": newest("subscriptions_issuepage"),
    }


def ask_for(url: str) -> None:
    """As the browser will: then it is kept."""
    command = ["curl", "-s", "--compressed", "-H", "Accept-Language: en-US,en;q=0.9"]
    subprocess.run([*command, "-o", os.devnull, url], check=True)


def look_at(program: str, url: str, report: Path) -> dict[str, Any]:
    command = [
        program, url, "--quiet", "--output=json", f"--output-path={report}",
        f"--only-categories={','.join(KINDS)}", f"--chrome-flags={FLAGS}",
    ]  # fmt: skip
    browser = shutil.which("chromium") or CHROMIUM
    subprocess.run(command, env=os.environ | {"CHROME_PATH": browser}, check=True)
    said: dict[str, Any] = json.loads(report.read_text())
    return said


def main() -> int:
    program = installed()
    least = 100
    with running("lighthouse") as product:
        # What a product does when it starts makes pages anew: a reader meets them when it is over.
        for pause in (10, 0):
            for path in pages(product).values():
                ask_for(product.web + path)
            time.sleep(pause)
        for name, path in pages(product).items():
            ask_for(product.web + path)
            said = look_at(program, product.web + path, FOLDER / f"{name.replace(' ', '-')}.json")
            scores = [round(100 * said["categories"][kind]["score"]) for kind in KINDS]
            least = min(least, *scores)
            sys.stdout.write(f"{name:<12}{''.join(f'{score:>5}' for score in scores)}  {path}\n")
            for audit in said["audits"].values():
                if audit.get("score") == 0 and audit["scoreDisplayMode"] == "binary":
                    sys.stdout.write(f"{'':<14}{audit['title']}\n")
            sys.stdout.flush()
    return int(least < LEAST)


if __name__ == "__main__":
    sys.exit(main())
