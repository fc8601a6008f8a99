"""What an audit by pip-audit says: the advisories, and the packages that nobody looked up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

SOUND, VULNERABLE, UNKNOWN = 0, 2, 3
"""Exit codes, as of the bot's own verdicts."""


@dataclass(frozen=True)
class Outcome:
    """Advisories by package, and why packages were not looked up."""

    advisories: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    audited: int = 0

    @property
    def code(self) -> int:
        """What could not be looked up is not sound."""
        if self.advisories:
            return VULNERABLE
        return UNKNOWN if self.unseen or not self.audited else SOUND

    def lines(self) -> Iterator[str]:
        """What to tell."""
        yield from (f"vulnerable: {advisory}" for advisory in self.advisories)
        if self.unseen:
            yield f"not audited: {self.unseen[0]}" + _more(len(self.unseen) - 1)
        yield f"{self.audited} packages looked up, {len(self.advisories)} advisories"


def outcome(printed: str, errors: str) -> Outcome:
    """Of pip-audit's JSON and its errors. It ends well where it found no package at all."""
    try:
        rows = json.loads(printed)["dependencies"]
    except (ValueError, KeyError, TypeError):
        why = errors.strip().rpartition("\n")[2] or "pip-audit printed nothing"
        return Outcome(unseen=(why[:200],))
    skipped = tuple(row["skip_reason"] for row in rows if "skip_reason" in row)
    return Outcome(tuple(_advisories(rows)), skipped, len(rows) - len(skipped))


def _advisories(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        for advisory in row.get("vulns", ()):
            mended = ", ".join(advisory.get("fix_versions", ())) or "no version yet"
            yield f"{row['name']} {row['version']}: {advisory['id']}, mended in {mended}"


def _more(count: int) -> str:
    return f" (and {count} more)" if count else ""
