"""`meshmedic route convert`: from the Ingresses of files to IngressRoutes, without a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from bot.errors import InputError
from bot.ingress_conversion.batch import convert_all
from bot.ingress_conversion.convert import Became, Conversion
from bot.ingress_conversion.known import Known, gather
from bot.ingress_conversion.source import is_ingress
from bot.ingress_conversion.target import SINCE_STRICT_PREFIX, ConversionTarget
from bot.manifests import reader as manifests
from bot.manifests.writer import documents
from bot.render import terminal

DONE, REFUSED, UNREADABLE = 0, 1, 2


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One Ingress of a file, and what became of it.

    `document` counts from 0 within the file. `reason` is a sentence wherever nothing was made;
    a refusal's begins with its `code`, one of `bot.ingress_conversion.refusals`. `manifests` are
    the objects to apply; `warnings` are what to know before.
    """

    file: str
    document: int
    name: str
    namespace: str
    result: Became
    reason: str
    code: str = ""
    manifests: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()


class _Document(msgspec.Struct, frozen=True):
    file: str
    number: int
    object: Any


def convert(files: Sequence[str], target: ConversionTarget, *, as_json: bool) -> int:
    """Print what becomes of each Ingress of these files. Returns the exit code."""
    if target.strict_prefix and not target.since(SINCE_STRICT_PREFIX):
        terminal.tell("That Traefik has no strictPrefixMatching: it is left out of account.")
    found, problems = _read(files)
    ingresses = [document for document in found if is_ingress(document.object)]
    made = convert_all(_surrounded(ingresses, found), target)
    lines = [_line(ingress, one) for ingress, one in zip(ingresses, made, strict=True)]
    for line in lines:
        _show(line, as_json=as_json)
    if not as_json:
        for file in sorted(
            {ingress.file for ingress in found} - {document.file for document in ingresses}
        ):
            terminal.tell(f"{file}: it has no Ingress.")
    for problem in problems:
        terminal.tell(str(problem))
    if problems:
        return UNREADABLE
    return REFUSED if any(line.result is Became.REFUSED for line in lines) else DONE


def _read(files: Sequence[str]) -> tuple[list[_Document], list[InputError]]:
    """Every object of these files, each file once, and what could not be read."""
    found: list[_Document] = []
    problems: list[InputError] = []
    for name in dict.fromkeys(files):
        try:
            read = manifests.numbered(manifests.read_bytes(name), _called(name))
        except InputError as error:
            problems.append(error)
            continue
        problems += read.problems
        found += _objects(name, read.documents)
    return found, problems


def _surrounded(
    ingresses: Sequence[_Document], found: Sequence[_Document]
) -> Iterator[tuple[Mapping[str, Any], Known]]:
    """Each with the objects around it: where several files have one, that of its own file."""
    far = gather(document.object for document in found)
    by_file: dict[str, list[object]] = {}
    for document in found:
        by_file.setdefault(document.file, []).append(document.object)
    near = {
        file: far.before(gather(by_file[file])) for file in {ingress.file for ingress in ingresses}
    }
    for ingress in ingresses:
        yield ingress.object, near[ingress.file]


def _objects(name: str, documents: Sequence[tuple[int, object]]) -> Iterator[_Document]:
    for number, document in documents:
        for resource in manifests.unpacked(document):
            yield _Document(name, number, resource)


def _called(name: str) -> str:
    return "standard input" if name == manifests.STDIN else name


def _line(of: _Document, made: Conversion) -> Line:
    metadata = of.object.get("metadata")
    named: Mapping[str, Any] = metadata if isinstance(metadata, Mapping) else {}
    return Line(
        file=of.file,
        document=of.number,
        name=str(named.get("name") or ""),
        namespace=str(named.get("namespace") or ""),
        result=made.became,
        reason=f"{made.code}: {made.reason}" if made.code else made.reason,
        code=made.code or "",
        manifests=made.manifests,
        warnings=made.warnings,
    )


def _show(line: Line, *, as_json: bool) -> None:
    """A line of JSON; for people the manifests, and beside them what they should know."""
    if as_json:
        terminal.write(msgspec.json.encode(line) + b"\n")
        return
    terminal.write(documents(line.manifests))
    place = f"{line.namespace}/" if line.namespace else ""
    subject = f"{line.file}: Ingress {place}{line.name}"
    if line.reason:
        terminal.tell(f"{subject}: {line.result}: {line.reason}")
    for warning in line.warnings:
        terminal.tell(f"{subject}: warning: {warning}")
