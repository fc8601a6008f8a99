"""`make pins`: ask what each name points to, and write its digest wherever the name stands.

`--check` asks nobody. It fails where a name has no digest, or stands in a file without it: a
release has to be pinned.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tests.pins.pin import PINS, Pin, files, loose, read, unpinned, written
from tests.pins.registries import NotSeen, seen
from tests.programs.program import CannotBuild


def main(argv: Sequence[str] | None = None) -> int:
    """Everything is pinned, or nothing is changed."""
    parser = argparse.ArgumentParser(prog="python -m tests.pins", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what has no digest")
    pins = read(PINS.read_text())
    if parser.parse_args(argv).check:
        return check(pins)
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


def check(pins: list[Pin]) -> int:
    """1 where a name has no digest, or a file names it without."""
    missing = unpinned(pins)
    if missing:
        _say(f"no digest: {', '.join(missing)}. Run `make pins` on a machine with a network.")
        return 1
    for path in files():
        if names := loose(path.read_text(), pins):
            _say(f"without its digest in {path}: {', '.join(names)}. Run `make pins`.")
            missing += names
    return int(bool(missing))


def _say(text: str) -> None:
    sys.stderr.write(f"pins: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
