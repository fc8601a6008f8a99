"""Whether the pattern of a kustomization's selector matches a name, in bounded time.

kustomize takes Go's regular expressions, anchored at both ends. Those of letters, digits, `_`, `-`,
`.`, `.*` and alternatives in parentheses are tried; any other may match. Source: `anchorRegex` of
kustomize's api/types/selector.go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 253
"""Characters of a pattern that is tried, and of a name in Kubernetes."""

TOKEN = re.compile(r"\.\*|[\w.|()-]", re.ASCII)


def may_fit(pattern: str, name: str) -> bool:
    """Whether a pattern matches the whole name; true also where that is not tried."""
    if max(len(pattern), len(name)) > LONGEST:
        return True
    tokens = TOKEN.findall(pattern)
    if "".join(tokens) != pattern:
        return True
    ends = _ends(tokens, name)
    return ends is None or bool(ends >> len(name))


def _ends(tokens: Sequence[str], name: str) -> int | None:
    """The places of a name at which a match may end, one bit each; None if it is not a pattern.

    All ways to read the name are followed at once, so there is nothing to come back to.
    """
    places: dict[str, int] = {}
    for place, character in enumerate(name):
        places[character] = places.get(character, 0) | 1 << place
    # In a pattern a dot is any character.
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
