"""A name that somebody else may point elsewhere tomorrow, and the digest that it is held to."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from tests.places import ROOT

PINS = ROOT / "deploy/pins.toml"

USED = re.compile(
    r"""(?mx)
    ^ARG \s+ \w+_IMAGE = (?P<argument>\S+)            # Dockerfile
    | ^FROM \s+ (?:--\S+ \s+)? (?!\$|scratch\b) (?P<base>[^\s-]\S*)
    | ^COPY \s .* --from= (?P<from>\S+[:@]\S+)
    | ^\w+_IMAGE \s* = \s* "(?P<constant>[\w.-]+/[^"\s]+:[^"\s]+)"  # Python
    | ^\s*-?\s* uses: \s* docker:// (?P<run>\S+)                # workflow
    | ^\s*-?\s* uses: \s* (?P<action>[\w-]+/[\w./-]+@\S+)
    | ^\s*-?\s* (?:image|container): \s* ["']?(?P<image>[\w.-]+(?:/[\w.-]+)*:[\w.@:-]+)
    """
)
"""Where a file names an image or an action."""

OURS = "registry.example/"
"""Where our own images would be."""


class Kind(StrEnum):
    """What is pinned; the value is its table in the file."""

    IMAGE = "images"
    ACTION = "actions"


@dataclass(frozen=True)
class Pin:
    """A name with a tag, and its digest; empty where nobody has seen it.

    An image is `registry/repository:tag` and its digest `sha256:…`; an action is
    `owner/repository@tag` and its digest a commit.
    """

    kind: Kind
    name: str
    digest: str = ""

    def at(self, digest: str) -> Pin:
        """The same name with this digest."""
        return replace(self, digest=digest)

    def written_into(self, text: str) -> str:
        """A file's text in which this name stands with its digest."""
        name = re.escape(self.name)
        if self.kind is Kind.IMAGE:
            # A longer name or tag may begin or end with this one.
            found = rf"(?<![\w./-]){name}(?![\w.-])(?:@sha256:[0-9a-f]{{64}})?"
            return re.sub(found, f"{self.name}@{self.digest}", text)
        action, _, tag = self.name.rpartition("@")
        tag = re.escape(tag)
        found = rf"(?m)(?<=uses: )({re.escape(action)})@(?:|[0-9a-f]{{40}} # )({tag})$"
        return re.sub(found, rf"\1@{self.digest} # \2", text)


def read(text: str) -> list[Pin]:
    """What the file of pins says."""
    tables = tomllib.loads(text)
    return [Pin(kind, *row) for kind in Kind for row in tables.get(kind, {}).items()]


def written(text: str, pins: Iterable[Pin]) -> str:
    """The text of the file of pins with these digests; comments and order stay."""
    for pin in pins:
        row = re.compile(rf'(?m)^"{re.escape(pin.name)}" = ".*"$')
        text = row.sub(f'"{pin.name}" = "{pin.digest}"', text)
    return text


def used(text: str) -> Iterator[str]:
    """The images and actions of others that a file names, without their digests.

    A commit stands for its tag, which is in the comment behind it.
    """
    for match in USED.finditer(text):
        name = next(filter(None, match.groups()))
        if name.startswith(OURS):
            continue
        if match["action"]:
            action, _, tag = name.partition("@")
            comment = re.match(r" # (\S+)", text[match.end() :])
            yield f"{action}@{comment[1] if comment else tag}"
        else:
            yield name.partition("@")[0]


DIGEST = {Kind.IMAGE: re.compile("sha256:[0-9a-f]{64}"), Kind.ACTION: re.compile("[0-9a-f]{40}")}
"""What a digest looks like."""


def unpinned(pins: Iterable[Pin]) -> list[str]:
    """The names without a digest."""
    return [pin.name for pin in pins if not DIGEST[pin.kind].fullmatch(pin.digest)]


def loose(text: str, pins: Iterable[Pin]) -> list[str]:
    """The names in a file that it may follow elsewhere: without their digest, or not in `pins`."""
    known = {pin.name: pin for pin in pins}
    names = dict.fromkeys(used(text))
    return [name for name in names if name not in known or known[name].written_into(text) != text]


def files(root: Path = ROOT) -> list[Path]:
    """The files in which an image or an action may be named."""
    patterns = (
        *("deploy/Dockerfile", "deploy/**/*.yaml", ".github/**/*.yaml", ".github/**/*.yml"),
        *("README.md", "deploy/*.md", "bot/**/*.py"),
    )
    found = {path for pattern in patterns for path in root.glob(pattern)}
    return sorted(found)
