"""`make audit`: hold requirements.txt against OSV's database of advisories.

First it is held against a database with a planted advisory, which has to be found. It ends with 2
where a package is vulnerable, and with 3 where one could not be looked up.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.audit.outcome import SOUND, UNKNOWN, Outcome, outcome
from tests.audit.planted import ADVISORY, planted
from tests.places import ROOT

SECONDS = 180
AUDIT = (
    *(str(Path(sys.executable).with_name("pip-audit")), "--progress-spinner=off"),
    *("--format=json", "--disable-pip", "--require-hashes", "--vulnerability-service=osv"),
    *("-r", str(ROOT / "requirements.txt")),
)


def main() -> int:
    """Say what was found, and what was not looked up."""
    parser = argparse.ArgumentParser(prog="python -m tests.audit", description=__doc__)
    parser.add_argument(
        "--where-reachable", action="store_true", help="end well where no database is reached"
    )
    arguments = parser.parse_args()
    with planted() as address:
        canary = _audit(f"--osv-url={address}")
    if not any(ADVISORY in line for line in canary.advisories):
        _say(canary)
        sys.stderr.write("audit: the planted advisory was not found, so nothing is shown by this\n")
        return UNKNOWN
    sys.stderr.write("audit: the planted advisory was found\n")
    found = _audit()
    _say(found)
    return SOUND if found.code == UNKNOWN and arguments.where_reachable else found.code


def _audit(*more: str) -> Outcome:
    try:
        ended = subprocess.run(  # noqa: S603  # ours
            (*AUDIT, *more), capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return outcome("", f"no answer in {SECONDS} s")
    return outcome(ended.stdout, ended.stderr)


def _say(found: Outcome) -> None:
    for line in found.lines():
        sys.stderr.write(f"audit: {line}\n")


if __name__ == "__main__":
    sys.exit(main())
