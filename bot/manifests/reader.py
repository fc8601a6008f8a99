"""From YAML or JSON to plain objects, in files or from standard input: a bad one loses no other.

Times stay strings, as the API server sends them. A document that cannot be read becomes an error
that says where, why and what to do; the documents around it are kept.
"""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import yaml

from bot.errors import InputError
from bot.manifests.limits import MAX_DEPTH, TOO_DEEP, excess
from bot.manifests.loading import load_all
from bot.manifests.templates import TEMPLATE, is_template

MAX_BYTES = 64 * 1024 * 1024
"""More than any `kubectl get -A -o yaml` of a homelab, less than what would fill its memory."""

STDIN = "-"

DOCUMENT = re.compile(r"^---(?=\s|$)", re.MULTILINE)
"""A line that begins so begins a YAML document wherever it stands, in a block of text too."""

CONTENT = re.compile(r"^(?!(?:---)?[^\S\n]*(?:[#%]|$))", re.MULTILINE)
"""A line that is neither empty nor a comment nor a directive: without one there is no document."""

BEGIN = re.compile(r"[^ \t\r\n\x1e]")
"""Where the next of several JSON documents begins."""

RENDER = (
    "it looks like a template. Render it first (helm template), "
    "or give what kubectl get -o yaml prints."
)

JSON_BEGINS = ("{", "[")

ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""PowerShell writes redirected output as UTF-16."""


@dataclass(frozen=True, slots=True)
class Manifests:
    """Every object that was read, in order, lists taken apart; and what could not be read.

    `counts` says how many of the objects each file gave, in order.
    """

    objects: tuple[object, ...] = ()
    problems: tuple[InputError, ...] = ()
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Numbered:
    """The documents of one file with their numbers, from 0, empty ones counted and left out."""

    documents: tuple[tuple[int, object], ...] = ()
    problems: tuple[InputError, ...] = ()


def read_all(names: Iterable[str], *, stdin: BinaryIO | None = None) -> Manifests:
    """The objects of these files, `-` being standard input."""
    objects: list[object] = []
    problems: list[InputError] = []
    counts: list[int] = []
    for name in names:
        try:
            body = read_bytes(name, stdin)
            manifests = parse(body, "standard input" if name == STDIN else name)
        except InputError as error:
            problems.append(error)
        else:
            objects += manifests.objects
            problems += manifests.problems
            counts.append(len(manifests.objects))
    return Manifests(tuple(objects), tuple(problems), tuple(counts))


def parse(body: bytes, name: str) -> Manifests:
    """The objects in one file's bytes; `name` is how errors call it.

    Raises:
        InputError: Nothing of it can be read.
    """
    contents = numbered(body, name)
    if not contents.documents and not contents.problems:
        raise InputError(f"{name}: there is no object in it.")
    objects = tuple(item for _, document in contents.documents for item in unpacked(document))
    return Manifests(objects, contents.problems)


def numbered(body: bytes, name: str) -> Numbered:
    """The documents in one file's bytes, lists as they are; `name` is how errors call it.

    Raises:
        InputError: It is no text.
    """
    text = _text(body, name)
    contents = _json(text, name) or _yaml(text, name)
    return _rendered(contents, text, name) if TEMPLATE in text else contents


def read_bytes(name: str, stdin: BinaryIO | None = None) -> bytes:
    """The bytes of a file, `-` being standard input.

    Raises:
        InputError: It cannot be read, or is larger than MAX_BYTES.
    """
    try:
        if name == STDIN:
            body = (stdin or sys.stdin.buffer).read(MAX_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                body = file.read(MAX_BYTES + 1)
    except IsADirectoryError as error:
        raise InputError(f"{name}: that is a directory. Name the files in it.") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{name}: it cannot be read: {why}. Check the name.") from error
    if len(body) > MAX_BYTES:
        limit = MAX_BYTES // 1024 // 1024
        raise InputError(f"{name}: it is larger than {limit} MiB. Split it, by namespace say.")
    return body


def _text(body: bytes, name: str) -> str:
    encoding = next((known for mark, known in ENCODINGS if body.startswith(mark)), "utf-8")
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name}, line {line}: that is not {encoding} text. Save it as UTF-8."
        ) from error


def _json(text: str, name: str) -> Numbered | None:
    """JSON documents, one after the other; None where the text is not JSON from its start."""
    if text.lstrip()[:1] not in JSON_BEGINS:
        return None
    documents: list[object] = []
    problem = ""
    try:
        for document in _json_stream(text):
            _check_depth(document)
            documents.append(document)
    except json.JSONDecodeError as error:
        if not documents:
            return None
        problem = f"{name}, line {error.lineno}: not JSON: {error.msg}. Fix it there."
    except ValueError as error:
        # A number of more digits than Python reads.
        problem = f"{name}: not JSON: {error}. Fix it there."
    except RecursionError:
        problem = f"{name}: {TOO_DEEP}"
    return Numbered(tuple(enumerate(documents)), (InputError(problem),) if problem else ())


def _json_stream(text: str) -> Iterator[object]:
    try:
        yield msgspec.json.decode(text)
    except msgspec.DecodeError:
        # Several documents, or an error that the slower reader gives a line for.
        decoder = json.JSONDecoder()
        end = 0
        while begin := BEGIN.search(text, end):
            document, end = decoder.raw_decode(text, begin.start())
            yield document


def _check_depth(document: object) -> None:
    level: list[object] = [document]
    for _ in range(MAX_DEPTH):
        level = [inner for item in level for inner in _inside(item)]
        if not level:
            return
    raise RecursionError


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _yaml(text: str, name: str) -> Numbered:
    documents: list[tuple[int, object]] = []
    errors: list[InputError] = []
    number = 0
    for line, part in _documents(text):
        items: list[object] = [None]
        try:
            if CONTENT.search(part):
                if too_much := excess(part):
                    at = line + too_much.line
                    errors.append(InputError(f"{name}, line {at}: {too_much.why}"))
                else:
                    items = load_all(part)
        except yaml.YAMLError as error:
            errors.append(_not_yaml(error, part, name, line))
        documents += ((at, item) for at, item in enumerate(items, number) if item is not None)
        number += len(items)
    return Numbered(tuple(documents), tuple(errors))


def _documents(text: str) -> Iterator[tuple[int, str]]:
    """The documents, each with the number of its first line; a bad one then loses no other."""
    starts = [mark.start() for mark in DOCUMENT.finditer(text)]
    line = 1
    for begin, end in pairwise([0, *starts, len(text)]):
        part = text[begin:end]
        # What stands before the first mark is a document only if there is something in it.
        if DOCUMENT.match(part) or CONTENT.search(part):
            yield line, part
        line += part.count("\n")


def _rendered(contents: Numbered, text: str, name: str) -> Numbered:
    """Without the templates whose actions stand in quotes, which makes them valid YAML."""
    kept = tuple(
        (number, document)
        for number, document in contents.documents
        if not any(map(is_template, unpacked(document)))
    )
    if len(kept) == len(contents.documents):
        return contents
    line = text.count("\n", 0, text.index(TEMPLATE)) + 1
    problem = InputError(f"{name}, line {line}: {RENDER}")
    return Numbered(kept, (*contents.problems, problem))


def _not_yaml(error: Exception, part: str, name: str, line: int) -> InputError:
    mark = getattr(error, "problem_mark", None)
    at = line + (mark.line if mark else 0)
    why = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    if TEMPLATE in part:
        return InputError(f"{name}, line {at}: {RENDER}")
    wanted = "neither JSON nor YAML" if part.lstrip()[:1] in JSON_BEGINS else "not YAML"
    return InputError(f"{name}, line {at}: {wanted}: {why}. Fix it there.")


def unpacked(document: object) -> Iterator[object]:
    """The items of a `List`, in any depth; any other object itself."""
    waiting = [document]
    while waiting:
        item = waiting.pop()
        if items := _items(item):
            waiting += reversed(items)
        elif items is None:
            yield item


def _items(document: object) -> list[object] | None:
    """The items of a list, with the kind that a typed list leaves out; None if it is no list."""
    if not isinstance(document, dict):
        return None
    kind, items = document.get("kind"), document.get("items", [])
    if not isinstance(kind, str) or not kind.endswith("List") or "spec" in document:
        return None
    if not isinstance(items, list | None):
        return None
    version = document.get("apiVersion", "")
    return [_typed(item, kind.removesuffix("List"), version) for item in items or ()]


def _typed(item: Any, kind: str, version: object) -> object:
    if not isinstance(item, dict) or item.get("kind") or not kind:
        return item
    return {"apiVersion": version, "kind": kind, **item}
