"""The pattern of a next step, and how it is filled with the words of one finding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from string import Formatter

import msgspec

PLACES = re.compile(r"\{\w+\}(?:/\{\w+\})*")
"""A field, or several joined by slashes, which are shown as one name."""

DESCRIBE = "kubectl -n {namespace} describe {kind} {name}"
DESCRIBE_CLUSTER = "kubectl describe {kind} {name}"
"""The commands for an object of any kind: in a namespace, and without one."""

MAX_COMMAND = 400
"""A longer command is left out: shortened, it would be another one."""


class NextStep(msgspec.Struct, frozen=True):
    """What a person can do now.

    marked: One or two sentences, with names between backticks. commands: Lines to copy into a
    shell, each complete. Every name in them has the form that Kubernetes gives to names, so that
    a shell reads nothing else into it.
    """

    marked: str
    commands: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The sentences without markup."""
        return self.marked.replace("`", "")


class Template(msgspec.Struct, frozen=True):
    """A next step with `{fields}` in place of names.

    when: Fits only where the finding's message, or what it shows of a termination, says this.
    """

    text: str
    commands: tuple[str, ...] = ()
    when: re.Pattern[str] | None = None

    def filled(self, fields: Mapping[str, str], said: str) -> NextStep | None:
        """The step for these fields, None where the text does not fit or lacks one of them.

        A command that lacks a field is left out.
        """
        if self.when and not self.when.search(said):
            return None
        if not needs(self.text) <= fields.keys():
            return None
        lines = (line for line in self.commands if needs(line) <= fields.keys())
        commands = (line.format_map(fields) for line in lines)
        return NextStep(
            marked(self.text).format_map(fields),
            tuple(command for command in commands if len(command) <= MAX_COMMAND),
        )


Table = Mapping[str, tuple[Template, ...]]
"""The templates of each reason of one check: the first that fits is used."""


def step(text: str, *commands: str, when: str = "") -> Template:
    """A template; `when` is a pattern, upper and lower case alike."""
    return Template(text, commands, re.compile(when, re.IGNORECASE) if when else None)


@cache
def marked(text: str) -> str:
    """A text with each of its names between backticks."""
    return PLACES.sub(r"`\g<0>`", text)


@cache
def needs(text: str) -> frozenset[str]:
    """The fields that a text has a place for."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)
