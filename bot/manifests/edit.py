"""Setting one key in a YAML text, by inserting characters: every other byte stays as it is.

PyYAML tells where each node stands; the new entry takes the layout of its neighbours. Whatever
cannot be placed with certainty is refused, and the caller compares the result as data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import yaml

from bot.manifests.loading import NodeLoader, yaml_errors

LINE_END = re.compile(r"\r\n|\n|\r")
PLAIN_TO_THE_END = re.compile(r"[ \t]{0,200}+(?:#[^\r\n]*+)?(?=[\r\n]|\Z)")
"""What may follow a value on its line: a comment."""


class Misfit(Exception):  # the answer is "no, because", not a fault
    """The key cannot be set without touching more than it; the message says why."""


@dataclass(frozen=True, slots=True)
class Splice:
    """Characters `start` to `end` of a text become `text`."""

    start: int
    end: int
    text: str


def splice(text: str, splices: Iterable[Splice]) -> str:
    """The text with all of them done, none touching another."""
    done: list[str] = []
    at = 0
    for piece in sorted(set(splices), key=lambda one: one.start):
        done += [text[at : piece.start], piece.text]
        at = piece.end
    return "".join([*done, text[at:]])


def documents(text: str) -> list[yaml.Node | None]:
    """The root node of each document, None for an empty one.

    Raises:
        yaml.YAMLError: It is not YAML.
    """
    roots: list[yaml.Node | None] = []
    with yaml_errors():
        loader = NodeLoader(text)
        try:
            while loader.check_node():
                roots.append(loader.get_node())
        finally:
            loader.dispose()
    return roots


def within(root: yaml.Node, path: Sequence[str | int]) -> yaml.MappingNode:
    """The mapping at a path.

    Raises:
        Misfit: A key on the way stands there twice, or there is no mapping.
    """
    node = root
    for step in path:
        node = node.value[step] if isinstance(step, int) else _value(node, step)
    if not isinstance(node, yaml.MappingNode):
        raise Misfit("there is no mapping where the service should stand")
    return node


def setting(text: str, mapping: yaml.MappingNode, key: str, value: str) -> Splice:
    """How to set a key of a mapping to a plain scalar.

    Raises:
        Misfit: It cannot be placed with certainty.
    """
    pairs = [pair for pair in mapping.value if pair[0].value == key]
    if len(pairs) > 1:
        raise Misfit(f"{key} stands there twice")
    if pairs:
        return _replaced(text, pairs[0][0], pairs[0][1], value)
    return (
        _in_flow(text, mapping, key, value)
        if mapping.flow_style
        else _in_block(text, mapping, key, value)
    )


def nesting(text: str, mapping: yaml.MappingNode, key: str, entry: tuple[str, str]) -> Splice:
    """How to give a mapping a new key whose value is a mapping with one entry.

    Raises:
        Misfit: It cannot be placed with certainty.
    """
    inner, value = entry
    pairs = [pair for pair in mapping.value if pair[0].value == key]
    if pairs or mapping.flow_style:
        return setting(text, mapping, key, f"{{{inner}: {value}}}")
    line = _in_block(text, mapping, key, "")
    before = line.text.rstrip(" ")
    # The top of a file stands at column 0, so a mapping's own column is its first step.
    indent = " " * (mapping.start_mark.column + min(mapping.start_mark.column or 2, 8))
    return Splice(
        line.start, line.end, f"{before}{line_end(text, line.start)}{indent}{inner}: {value}"
    )


def extent(text: str, root: yaml.Node) -> tuple[int, int]:
    """Where a document's content begins and ends, without what stands around it.

    Raises:
        Misfit: It has directives, an anchor or a tag at its root, or shares its first line.
    """
    start, end = root.start_mark.index, root.end_mark.index
    before = text[text.rfind("\n", 0, start) + 1 : start]
    if before.strip() or root.start_mark.column:
        raise Misfit("its first line holds more than its first key")
    lines = text[start:end].splitlines(keepends=True)
    while lines and (not lines[-1].strip() or lines[-1].startswith(("#", "---", "..."))):
        lines.pop()
    return start, start + len("".join(lines).rstrip("\r\n"))


def _value(node: yaml.Node, key: str) -> yaml.Node:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    values: list[yaml.Node] = [value for name, value in pairs if name.value == key]
    if len(values) != 1:
        raise Misfit(f"{key} stands there {len(values)} times")
    return values[0]


def _replaced(text: str, key: yaml.Node, old: yaml.Node, value: str) -> Splice:
    start, end = old.start_mark.index, old.end_mark.index
    if not isinstance(old, yaml.ScalarNode) or old.style in ("|", ">") or not _beside(key, old):
        raise Misfit(f"{key.value} has a value that is not a plain scalar")
    # An empty value begins where the colon ends.
    gap = " " if start == end and text[start - 1 : start] == ":" else ""
    return Splice(start, end, gap + value)


def _in_block(text: str, mapping: yaml.MappingNode, key: str, value: str) -> Splice:
    """A line of its own, below the last entry that ends on its line."""
    for name, last in reversed(mapping.value):
        if not _is_simple(name, last):
            continue
        at = last.end_mark.index
        rest = PLAIN_TO_THE_END.match(text, at)
        if rest:
            indent = " " * mapping.start_mark.column
            return Splice(rest.end(), rest.end(), f"{line_end(text, at)}{indent}{key}: {value}")
    raise Misfit("none of its entries ends on the line where it begins")


def _in_flow(text: str, mapping: yaml.MappingNode, key: str, value: str) -> Splice:
    """Between braces, after the last entry, separated and quoted as its neighbours are."""
    if not mapping.value:
        raise Misfit("the mapping is empty")
    name, last = mapping.value[-1]
    if not _beside(name, last):
        raise Misfit("its last entry is an alias")
    end = last.end_mark.index
    before = text.rfind("\n", 0, name.start_mark.index) + 1
    lead = text[before : name.start_mark.index]
    own_line = not lead.strip() and before > mapping.start_mark.index
    separator = f",{line_end(text, before - 2)}{lead}" if own_line else ", "
    quote = text[name.start_mark.index] if text[name.start_mark.index] in "\"'" else ""
    return Splice(end, end, f"{separator}{quote}{key}{quote}: {value}")


def _is_simple(key: yaml.Node, value: yaml.Node) -> bool:
    """Whether a value is a scalar that stands right there: no block of text, no alias."""
    return (
        isinstance(value, yaml.ScalarNode) and value.style not in ("|", ">") and _beside(key, value)
    )


def _beside(key: yaml.Node, value: yaml.Node) -> bool:
    """False for an alias, whose node stands where its anchor does."""
    return bool(
        key.end_mark.index <= value.start_mark.index
        and value.start_mark.line - key.end_mark.line <= 1
    )


def line_end(text: str, at: int = 0) -> str:
    """The line end that a text uses next from `at` on, else anywhere, else a newline."""
    match = LINE_END.search(text, max(0, at)) or LINE_END.search(text)
    return match.group() if match else "\n"
