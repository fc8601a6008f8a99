"""The phrases that no text may hold: docs/contributing/banned.toml, and its table for people.

`python -m tests.voice.banned` writes the table into docs/contributing/voice.md.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tests.places import ROOT
from tests.voice.texts import Text, without_code

DATA = ROOT / "docs/contributing/banned.toml"
PAGE = ROOT / "docs/contributing/voice.md"
TABLE = re.compile(r"(?<=\n)\| Not \| Instead \|\n.*?\n(?=\n|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A banned phrase, what to write instead, and examples for and against its pattern."""

    say: str
    instead: str
    pattern: re.Pattern[str]
    hits: tuple[str, ...]
    spares: tuple[str, ...]

    def found_in(self, text: str) -> Iterator[re.Match[str]]:
        """Where it stands in a text, outside of code."""
        return self.pattern.finditer(without_code(text))


@cache
def phrases() -> tuple[Phrase, ...]:
    """All of them, in the order of the file."""
    return tuple(
        Phrase(
            entry["say"],
            entry["instead"],
            re.compile(entry["pattern"].replace(" ", r"\s+"), re.IGNORECASE),
            tuple(entry["hits"]),
            tuple(entry["spares"]),
        )
        for entry in tomllib.loads(DATA.read_text())["phrase"]
    )


def complaints(text: Text) -> Iterator[str]:
    """A line for each banned phrase of a text: where, what, and what to write instead."""
    for phrase in phrases():
        for match in phrase.found_in(text.content):
            line = text.line + text.content.count("\n", 0, match.start())
            around = text.content[max(match.start() - 30, 0) : match.end() + 30]
            yield (
                f'{text.path}:{line}: "{" ".join(match[0].split())}", '
                f"instead: {phrase.instead}  (… {' '.join(around.split())} …)"
            )


def table() -> str:
    """The phrases as a table of the page."""
    rows = (f"| {phrase.say} | {phrase.instead} |" for phrase in phrases())
    return "\n".join(("| Not | Instead |", "|---|---|", *rows, ""))


def main() -> None:
    """Writes the table into the page."""
    PAGE.write_text(TABLE.sub(lambda _: table(), PAGE.read_text(), count=1))


if __name__ == "__main__":
    main()
