"""Reading a Dockerfile and a .dockerignore as far as ours go; else it is an error."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

KNOWN = ("ARG", "FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "ENTRYPOINT", "CMD")


class NotUnderstood(Exception):  # as the project names errors: for what happened
    """A line that this reader does not know; Docker may."""


@dataclass(frozen=True)
class Instruction:
    """One instruction with its line's number."""

    line: int
    name: str
    text: str

    def __str__(self) -> str:
        """As it stands in the file."""
        return f"{self.name} {self.text}"

    @property
    def words(self) -> list[str]:
        """The form that is a JSON array.

        Raises:
            NotUnderstood: It is the shell's form, which would run under /bin/sh as process 1.
        """
        if not self.text.startswith("["):
            msg = f"line {self.line}: {self.name} is not in its JSON form"
            raise NotUnderstood(msg)
        return [str(each) for each in json.loads(self.text)]


@dataclass
class Stage:
    """What follows a FROM."""

    base: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)


def stages(text: str) -> list[Stage]:
    """The stages of a Dockerfile, in its order.

    Raises:
        NotUnderstood: An instruction or a form that this reader does not know.
    """
    found: list[Stage] = []
    arguments: dict[str, str] = {}
    for each in _instructions(text):
        if each.name == "ARG" and not found:
            name, _, value = each.text.partition("=")
            arguments[name] = value
        elif each.name == "FROM":
            base, _, name = expanded(each.text, arguments).partition(" AS ")
            found.append(Stage(base, name or str(len(found))))
        elif each.name in KNOWN and each.name != "ARG" and found:
            found[-1].instructions.append(each)
        else:
            msg = f"line {each.line}: {each}"
            raise NotUnderstood(msg)
    return found


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """The text with `$NAME` and `${NAME}` replaced.

    Raises:
        NotUnderstood: A variable has no value.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in variables:
            msg = f"${name} has no value in: {text}"
            raise NotUnderstood(msg)
        return variables[name]

    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", value, text)


def context(folder: Path) -> list[Path]:
    """The files that Docker would send, by the folder's .dockerignore; relative to it."""
    patterns = [
        line.strip()
        for line in (folder / ".dockerignore").read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]
    files = (each.relative_to(folder) for each in _files(folder, patterns))
    return sorted(each for each in files if not ignored(each.as_posix(), patterns))


def ignored(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path is held back: the last pattern that fits it, or a folder above it, decides."""
    above = [path, *(str(each) for each in PurePosixPath(path).parents if str(each) != ".")]
    decided = False
    for pattern in patterns:
        fits = re.compile(_regular(pattern.removeprefix("!").strip("/")))
        if any(fits.fullmatch(each) for each in above):
            decided = not pattern.startswith("!")
    return decided


def _instructions(text: str) -> Iterator[Instruction]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.partition(" ")
        if line.endswith("\\") or not name.isupper():
            msg = f"line {number}: {line}"
            raise NotUnderstood(msg)
        yield Instruction(number, name, rest.strip())


def _files(folder: Path, patterns: list[str]) -> Iterator[Path]:
    """Every file, without a walk through folders that hold thousands and are held back anyway."""
    for each in folder.iterdir():
        if each.is_file():
            yield each
        elif not ignored(each.name, patterns):
            yield from (below for below in each.rglob("*") if below.is_file())


def _regular(pattern: str) -> str:
    parts = re.split(r"(\*\*/|\*)", pattern)
    meaning = {"**/": "(?:.*/)?", "*": "[^/]*"}
    return "".join(meaning.get(each) or re.escape(each) for each in parts)
