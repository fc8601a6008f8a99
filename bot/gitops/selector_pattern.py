"""Whether the pattern of a kustomization's selector fits a name, in time that nobody can stretch.

kustomize takes Go's regular expressions, anchored at both ends. Those of letters, digits, `_`, `-`,
`.`, `.*` and alternatives in parentheses are tried; every other is taken to fit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 253
"""Characters of a pattern that is tried, and of a name of Kubernetes."""

TOKEN = re.compile(r"\.\*|[\w.|()-]", re.ASCII)


def may_fit(pattern: str, name: str) -> bool:
    """Whether it fits the whole name; true as well where that is not tried."""
    if max(len(pattern), len(name)) > LONGEST:
        return True
    tokens = TOKEN.findall(pattern)
    if "".join(tokens) != pattern:
        return True
    ends = _ends(tokens, name)
    return ends is None or bool(ends >> len(name))


def _ends(tokens: Sequence[str], name: str) -> int | None:
    """The places of a name at which the pattern may end, one bit each; None if it is no pattern.

    All ways to read the name are followed at once, so there is nothing to come back to.
    """
    places: dict[str, int] = {}
    for place, character in enumerate(name):
        places[character] = places.get(character, 0) | 1 << place
    # As a pattern's part a stop is any character, its own included.
    places["."] = (1 << len(name)) - 1
    everywhere = (1 << len(name) + 1) - 1
    at, groups = 1, [(1, 0)]
    for part in tokens:
        begun, ended = groups[-1]
        match part:
            case "(":
                groups.append((at, 0))
            case "|":
                groups[-1], at = (begun, ended | at), begun
            case ")" if len(groups) == 1:
                return None
            case ")":
                groups.pop()
                at |= ended
            case ".*":
                # From the first place on: the lowest bit, and all above it.
                at = everywhere & -(at & -at)
            case _:
                at = (at & places.get(part, 0)) << 1
    return at | groups[0][1] if len(groups) == 1 else None
