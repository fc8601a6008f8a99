"""Why Go refuses a regular expression. Traefik compiles with Go's, which lacks lookaround.

Source: regexp/syntax of Go's standard library, with its Perl flags. A pattern is read once, from
left to right. What it does not know for certain (names of scripts) counts as valid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MOST_REPEATS = 1000
"""The most repetitions that Go allows in `{n,m}`."""

MOST_CHARACTERS = 4000
"""Longer patterns are not read."""

REPEAT = re.compile(r"\{(\d+)(,(\d*))?\}", re.ASCII)
GROUP = re.compile(r"\(\?P?<([A-Za-z0-9_]+)>|\(\?[imsU]*(?:-[imsU]+)?[:)]")
LOOK = re.compile(r"\(\?<?[=!]")
OCTAL = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}")
HEX = re.compile(r"x(?:[0-9a-fA-F]{2}|\{0*(?:10[0-9a-fA-F]{4}|[0-9a-fA-F]{1,5})\})")
UNICODE = re.compile(r"[pP](?:[CLMNPSZ]|\{\^?[A-Z][A-Za-z_]*\})")
SINGLE = frozenset("afnrtv")
PERL_CLASSES = frozenset("dDsSwW")
POSITIONS = frozenset("AbBz")
POSIX = re.compile(
    r"\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word"
    r"|xdigit):\]"
)


class _Invalid(Exception):
    """Stops the reading; it never leaves this module."""


def why_invalid(pattern: str) -> str:
    """What is wrong with a pattern, in words; empty where Go takes it, or it is very long."""
    if len(pattern) > MOST_CHARACTERS:
        return ""
    try:
        _Reader(pattern, last_class=pattern.rfind(":]")).read()
    except _Invalid as invalid:
        return str(invalid)
    return ""


@dataclass(slots=True)
class _Reader:
    """Reads a pattern. `repeatable`: whether a `*` may follow; `repeated`: whether one stands.

    `last_class` is the index of its last `:]`.
    """

    text: str
    last_class: int = -1
    at: int = 0
    depth: int = 0
    repeatable: bool = False
    repeated: bool = False
    names: set[str] = field(default_factory=set)

    def read(self) -> None:
        """The whole pattern.

        Raises:
            _Invalid: Go refuses it.
        """
        while self.at < len(self.text):
            self._one()
        if self.depth:
            raise _Invalid("a ( is not closed")

    def _one(self) -> None:
        char = self.text[self.at]
        if char == "(":
            self._open()
        elif char == ")":
            self._close()
        elif char == "|":
            self._begin(1)
        elif char in "*+?" or REPEAT.match(self.text, self.at):
            self._repeat()
        elif char == "[":
            self.at = _end_of_class(self.text, self.at, self.last_class)
            self._atom(0)
        elif self.text.startswith("\\Q", self.at):
            end = self.text.find("\\E", self.at)
            self._atom((end + 2 if end >= 0 else len(self.text)) - self.at)
        elif char == "\\":
            self._atom(1 + _length_of_escape(self.text, self.at + 1, POSITIONS))
        else:
            self._atom(1)

    def _atom(self, length: int) -> None:
        self.at += length
        self.repeatable, self.repeated = True, False

    def _begin(self, length: int) -> None:
        self.at += length
        self.repeatable = self.repeated = False

    def _open(self) -> None:
        if LOOK.match(self.text, self.at):
            raise _Invalid("Go has neither lookahead nor lookbehind")
        length = 1
        if self.text.startswith("(?", self.at):
            match = GROUP.match(self.text, self.at)
            if match is None:
                shown = self.text[self.at : self.at + 4]
                raise _Invalid(f"Go does not know {shown}")
            if match[1] in self.names:
                raise _Invalid(f"two groups are called {match[1][:40]}")
            self.names |= {match[1]} if match[1] else set()
            length = len(match[0])
            if match[0].endswith(")"):
                # Flags stand between two atoms, and nothing may repeat them.
                self.at += length
                return
        self.depth += 1
        self._begin(length)

    def _close(self) -> None:
        self.depth -= 1
        if self.depth < 0:
            raise _Invalid("there is one ) too many")
        self._atom(1)

    def _repeat(self) -> None:
        counted = REPEAT.match(self.text, self.at)
        operator = counted[0] if counted else self.text[self.at]
        if not self.repeatable:
            raise _Invalid(f"nothing stands before {operator[:20]}")
        if self.repeated:
            raise _Invalid(f"{operator[:20]} follows another repetition")
        if counted:
            _check_counts(counted)
        self.at += len(operator)
        self.at += self.text.startswith("?", self.at)
        self.repeated = True


def _check_counts(counted: re.Match[str]) -> None:
    fewest, most = counted[1], counted[3] or counted[1]
    too_long = max(len(fewest), len(most)) > len(str(MOST_REPEATS))
    if too_long or int(most) > MOST_REPEATS or int(fewest) > int(most):
        raise _Invalid(f"{counted[0][:20]} is not a number of repetitions")


def _length_of_escape(text: str, at: int, also: frozenset[str] = frozenset()) -> int:
    """The length of what follows a backslash. `also` are letters that are allowed outside [ ].

    Raises:
        _Invalid: Go has no such escape.
    """
    if at >= len(text):
        raise _Invalid("it ends with a backslash")
    char = text[at]
    if char in SINGLE or char in PERL_CLASSES or char in also:
        return 1
    if char.isascii() and not char.isalnum():
        return 1
    for pattern in (OCTAL, HEX, UNICODE):
        if match := pattern.match(text, at):
            return len(match[0])
    raise _Invalid(f"Go does not know \\{char}")


def _end_of_class(text: str, start: int, last_class: int) -> int:
    """The index after the bracket that closes a class.

    Raises:
        _Invalid: None does, or what it holds is refused.
    """
    at = start + 1
    at += text.startswith("^", at)
    first = True
    while at < len(text) and (first or text[at] != "]"):
        first = False
        if last_class >= at + 2 and text.startswith("[:", at):
            match = POSIX.match(text, at)
            if match is None:
                raise _Invalid(f"Go does not know the class {text[at : at + 20]}")
            at += len(match[0])
            continue
        low, at, is_class = _member(text, at)
        if is_class or not _begins_range(text, at):
            continue
        high, at, is_class = _member(text, at + 1)
        if is_class or high < low:
            raise _Invalid(f"the range {low}-{high} in [ ] is not a range")
    if at >= len(text):
        raise _Invalid("a [ is not closed")
    return at + 1


def _begins_range(text: str, at: int) -> bool:
    return text.startswith("-", at) and at + 1 < len(text) and text[at + 1] != "]"


def _member(text: str, at: int) -> tuple[str, int, bool]:
    """One member of a class, the index after it, and whether it is a class of its own."""
    if text[at] != "\\":
        return text[at], at + 1, False
    length = _length_of_escape(text, at + 1)
    word = text[at + 1 : at + 1 + length]
    return _character(word), at + 1 + length, word[0] in PERL_CLASSES or word[0] in "pP"


def _character(word: str) -> str:
    """The character that an escape stands for."""
    if word[0] == "x":
        return chr(int(word[1:].strip("{}"), 16))
    if word[0].isdecimal():
        return chr(int(word, 8))
    return {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}.get(word[0], word[0])
