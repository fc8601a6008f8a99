"""`make pins`: ask what each name points to, and write its digest wherever the name stands.

`--check` asks nobody. It fails where a name has no digest: a release has to be pinned.
"""

from __future__ import annotations

import argparse
import sys

from tests.pins.pin import PINS, files, read, unpinned, written
from tests.pins.registries import NotSeen, seen
from tests.programs.program import CannotBuild


def main() -> int:
    """Everything is pinned, or nothing is changed."""
    parser = argparse.ArgumentParser(prog="python -m tests.pins", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what has no digest")
    pins = read(PINS.read_text())
    if parser.parse_args().check:
        missing = unpinned(pins)
        if missing:
            _say(f"no digest: {', '.join(missing)}. Run `make pins` on a machine with a network.")
        return int(bool(missing))
    try:
        pins = [seen(pin) for pin in pins]
    except (NotSeen, CannotBuild) as error:
        _say(f"nothing was changed. {error}")
        return 1
    for path in (PINS, *files()):
        before = text = path.read_text()
        text = written(text, pins) if path == PINS else text
        for pin in pins if path != PINS else ():
            text = pin.written_into(text)
        if text != before:
            path.write_text(text)
            _say(f"wrote {path}")
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"pins: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
