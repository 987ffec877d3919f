"""What we are made of, from ``uv.lock``: a list for machines, and whether holes in it are known.

``python -m tests.supply sbom`` writes ``var/newsroom-VERSION.cdx.json`` (CycloneDX): all that may
run in production, with hashes and licences. The same lock file gives the same bytes. ``audit`` asks
OSV (https://osv.dev) about each version; where it can't be asked, it says so and nothing else.
"""

import json
import subprocess
import sys
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.licences import ROOT, is_allowed, licence_of, packages

OSV = "https://api.osv.dev/"
EXPORT = ["export", "--frozen", "--no-dev", "--all-extras", "--format", "cyclonedx1.5"]
AUDIT = ["audit", "--frozen", "--no-dev", "--service-url"]
VULNERABLE, FAILED = 1, 2  # uv's own


def uv(*words: str) -> subprocess.CompletedProcess[str]:
    command = [ROOT / ".venv" / "bin" / "uv", "--quiet", "--preview", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def sbom() -> str:
    made = uv(*EXPORT)
    if made.returncode:
        raise SystemExit(made.stderr)
    known = {name: licence_of(package) for name, package in packages().items()}
    return finished(json.loads(made.stdout), known)


def finished(document: dict[str, Any], licences: dict[str, str]) -> str:
    """Without the moment, under a number that its content gives; with licences."""
    del document["metadata"]["timestamp"], document["serialNumber"]
    for component in document["components"]:
        licence = licences.get(component["name"], "")
        if licence and is_allowed(licence):
            component["licenses"] = [{"expression": licence}]
    content = json.dumps(document, indent=1, ensure_ascii=False)
    document["serialNumber"] = uuid5(NAMESPACE_URL, content).urn
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def write() -> int:
    text = sbom()
    document = json.loads(text)
    path = ROOT / "var" / f"newsroom-{document['metadata']['component']['version']}.cdx.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    sys.stdout.write(f"{path.relative_to(ROOT)}: {len(document['components'])} packages\n")
    return 0


def audit(service: str = OSV) -> tuple[int, str]:
    """uv's exit code and words; 0 where nobody could be asked."""
    asked = uv(*AUDIT, service)
    words = (asked.stdout + asked.stderr).strip()
    if asked.returncode == FAILED and service in asked.stderr:
        reason = words.splitlines()[-1].removeprefix("  cause: ")
        return 0, (
            f"NOT AUDITED: {service} can't be asked from here ({reason}). Nothing is known of "
            "these packages, good or bad. Ask again where the internet is reached."
        )
    if asked.returncode == 0:
        return 0, words or "OSV knows no hole in any version of uv.lock."
    return asked.returncode, words


def main(what: str) -> int:
    if what == "sbom":
        return write()
    code, words = audit()
    sys.stdout.write(f"{words}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
