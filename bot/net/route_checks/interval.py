"""How often route checks are made, as the setting says it: `off`, `on`, `5m`."""

from __future__ import annotations

import re

TEXT = re.compile(r"(\d{1,5})(s|m|h)")
SECONDS = {"s": 1, "m": 60, "h": 3600}
SHORTEST = 60
LONGEST = 86_400
"""Seconds between two requests of a host, at the least and at the most."""


def seconds(text: str) -> int:
    """The seconds from one check of a host to the next; 0 where checks are off.

    Raises:
        ValueError: It is none of these; the message says what is allowed.
    """
    word = text.strip().lower()
    if word in ("off", "on"):
        return SHORTEST if word == "on" else 0
    match = TEXT.fullmatch(word)
    length = int(match[1]) * SECONDS[match[2]] if match else 0
    if not SHORTEST <= length <= LONGEST:
        raise ValueError("it is off, on, or an interval from 1m to 24h such as 5m")
    return length
