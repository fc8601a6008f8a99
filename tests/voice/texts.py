"""Every text that a person reads, with the place where it is written."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.settings import Settings
from tests.places import ROOT

CODE = re.compile(r"^(`{3,}|~{3,}).*?^\1|`+[^`\n][^`]{0,400}?`+", re.DOTALL | re.MULTILINE)
"""What is in code font: commands and names, which are copied and not read."""

COUNTEREXAMPLES = frozenset({"not", "now", "don't"})
"""Headings of columns that show what not to write."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text, its file from the checkout's root, and the number of its first line."""

    path: str
    line: int
    content: str


def blank(text: str) -> str:
    """As many lines and characters, and no words."""
    return re.sub(r"[^\n]", " ", text)


def without_code(text: str) -> str:
    """The text with its code left blank."""
    return CODE.sub(lambda match: blank(match[0]), text)


def is_prose(text: str) -> bool:
    """Whether a literal has words: an identifier, a key or a path has no space."""
    return " " in text.strip() and re.search(r"[A-Za-z]{2}", text) is not None


def all_texts() -> Iterator[Text]:
    """All texts of the project."""
    for folder in ("bot", "commands"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield from in_python(_name(path), path.read_text())
    yield from in_settings()
    for path in (*sorted(ROOT.glob("*.md")), *_below("*.md", "docs", "deploy", "bot")):
        yield from in_markdown(_name(path), path.read_text())
    for path in _below("*.yaml", "deploy"):
        yield from in_yaml(_name(path), path.read_text())
    for path in (ROOT / "deploy/Dockerfile", ROOT / "deploy/pins.toml"):
        yield comments(_name(path), path.read_text())
    yield from in_golden()


def in_python(path: str, source: str) -> Iterator[Text]:
    """The literals of a module that are sentences: no docstrings, keys or patterns.

    An f-string is one text, with `{}` for what is put in.
    """
    tree = ast.parse(source)
    skipped = {id(node) for root in ast.walk(tree) for node in _unread(root)}
    for node in ast.walk(tree):
        if id(node) not in skipped and isinstance(node, ast.Constant | ast.JoinedStr):
            content = _content(node)
            if is_prose(content):
                yield Text(path, node.lineno, content)


def in_settings() -> Iterator[Text]:
    """The description of each setting, which errors and the README show."""
    lines = (ROOT / "bot/settings.py").read_text().splitlines()
    for name, field in Settings.model_fields.items():
        line = next(at for at, text in enumerate(lines, 1) if text.startswith(f"    {name}: "))
        yield Text("bot/settings.py", line, field.description or "")


def in_markdown(path: str, content: str) -> Iterator[Text]:
    """A page without the columns that show what not to write."""
    lines: list[str] = []
    skipped: set[int] = set()
    for line in content.split("\n"):
        cells = re.split(r"(?<!\\)\|", line)
        if not line.startswith("|"):
            skipped = set()
        elif not lines or not lines[-1].startswith("|"):
            skipped = {at for at, cell in enumerate(cells) if _heads_counterexamples(cell)}
        lines.append("|".join(blank(c) if at in skipped else c for at, c in enumerate(cells)))
    yield Text(path, 1, "\n".join(lines))


def in_yaml(path: str, content: str) -> Iterator[Text]:
    """The comments of a manifest, and the sentences in it, as messages of a policy."""
    yield comments(path, content)
    for document in yaml.compose_all(content, Loader=yaml.SafeLoader):
        yield from _scalars(path, document)


def comments(path: str, content: str) -> Text:
    """What stands behind `#`, all else left blank."""
    kept = (
        blank(line[: match.end()]) + line[match.end() :]
        if (match := re.search(r"(?:^|\s)#+", line))
        else blank(line)
        for line in content.split("\n")
    )
    return Text(path, 1, "\n".join(kept))


def in_golden() -> Iterator[Text]:
    """What is shown: the golden files, and of JSON the values alone."""
    for path in sorted((ROOT / "tests/golden/files").rglob("*")):
        if path.suffix == ".txt":
            yield Text(_name(path), 1, path.read_text())
        elif path.suffix == ".json":
            values = _values(json.loads(path.read_text()))
            yield Text(_name(path), 1, "\n".join(value for value in values if is_prose(value)))


def _heads_counterexamples(cell: str) -> bool:
    return cell.strip().lower() in COUNTEREXAMPLES


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _below(pattern: str, *folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob(pattern))


def _content(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
    )


def _unread(node: ast.AST) -> Iterable[ast.AST]:
    """What beneath a node nobody reads, or is read as a part of the node."""
    match node:
        case ast.Expr(value=ast.Constant() | ast.JoinedStr() as docstring):
            return ast.walk(docstring)
        case ast.Dict(keys=keys):
            return (key for key in keys if key is not None)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re")), args=[pattern, *_]):
            return ast.walk(pattern)
        case ast.JoinedStr(values=parts):
            specs = (getattr(part, "format_spec", None) for part in parts)
            return (*parts, *(part for spec in specs if spec for part in ast.walk(spec)))
        case _:
            return ()


def _scalars(path: str, node: yaml.Node | None) -> Iterator[Text]:
    match node:
        case yaml.ScalarNode(value=value) if is_prose(value):
            yield Text(path, node.start_mark.line + 1, value)
        case yaml.MappingNode(value=pairs):
            for _, value in pairs:
                yield from _scalars(path, value)
        case yaml.SequenceNode(value=items):
            for item in items:
                yield from _scalars(path, item)
        case _:
            pass


def _values(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from _values(inner)
        case list():
            for inner in value:
                yield from _values(inner)
        case _:
            pass
