"""`meshmedic route convert`: from the Ingresses of files to IngressRoutes, without a cluster."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec

from bot.cli.parser import Parser, add_files, add_output
from bot.cli.route_edit import DONE, EXIT_CODES, REFUSED, UNREADABLE
from bot.errors import InputError
from bot.ingress_conversion.convert import Conversion, ConversionResult, convert_all
from bot.ingress_conversion.known import Inventory, gather
from bot.ingress_conversion.source import is_ingress
from bot.ingress_conversion.target import SINCE_STRICT_PREFIX, ConversionTarget, version
from bot.manifests import reader as manifests
from bot.manifests.writer import documents
from bot.render import terminal


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
    result: ConversionResult
    reason: str
    code: str = ""
    manifests: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()


class _Document(msgspec.Struct, frozen=True):
    file: str
    number: int
    object: Any


def add_arguments(parser: Parser) -> None:
    """The files, and the Traefik that is to read the result."""
    parser.explain(
        "kubectl get ing -A -o yaml | meshmedic route convert --traefik-version 3.6 -",
        codes=EXIT_CODES,
    )
    add_files(parser)
    parser.add_argument(
        "--traefik-version",
        required=True,
        type=_version,
        metavar="V",
        help="the version of your Traefik, such as 3.6.2, or 3.6 for its newest patch",
    )
    parser.add_argument(
        "--strict-prefix-matching",
        action="store_true",
        help="Traefik runs with --providers.kubernetesingress.strictprefixmatching",
    )
    parser.add_argument(
        "--allow-cross-namespace",
        action="store_true",
        help="Traefik runs with --providers.kubernetescrd.allowcrossnamespace",
    )
    parser.add_argument(
        "--ingress-class",
        default="",
        metavar="NAME",
        help="Traefik's providers run with this ingressclass",
    )
    add_output(parser, ("text", "json"))
    parser.set_defaults(command=run)


def _version(text: str) -> tuple[int, int, int]:
    if (number := version(text)) is None:
        msg = f"{text!r} is not a version of Traefik: it is written like 3.6.2, 3.6 or v2.11.8"
        raise argparse.ArgumentTypeError(msg)
    return number


def run(arguments: argparse.Namespace) -> int:
    """Print the conversion of each Ingress in the files."""
    target = ConversionTarget(
        arguments.traefik_version,
        strict_prefix=arguments.strict_prefix_matching,
        ingress_class=arguments.ingress_class,
        cross_namespace=arguments.allow_cross_namespace,
    )
    as_json = arguments.output == "json"
    if target.strict_prefix and not target.since(SINCE_STRICT_PREFIX):
        terminal.tell("That Traefik has no strictPrefixMatching: it is left out of account.")
    resources, problems = _read(arguments.file)
    ingresses = [document for document in resources if is_ingress(document.object)]
    conversions = convert_all(_surrounded(ingresses, resources), target)
    lines = [_line(*pair) for pair in zip(ingresses, conversions, strict=True)]
    for line in lines:
        _show(line, as_json=as_json)
    if not as_json:
        files = {document.file for document in resources}
        for file in sorted(files - {ingress.file for ingress in ingresses}):
            terminal.tell(f"{file}: it has no Ingress.")
    for problem in problems:
        terminal.tell(str(problem))
    if problems:
        return UNREADABLE
    return REFUSED if any(line.result is ConversionResult.REFUSED for line in lines) else DONE


def _read(files: Sequence[str]) -> tuple[list[_Document], list[InputError]]:
    """Every object of these files, each file once, and what could not be read."""
    resources: list[_Document] = []
    problems: list[InputError] = []
    for name in dict.fromkeys(files):
        title = "standard input" if name == manifests.STDIN else name
        try:
            manifest = manifests.numbered(manifests.read_bytes(name), title)
        except InputError as error:
            problems.append(error)
            continue
        problems += manifest.problems
        resources += [
            _Document(name, number, resource)
            for number, document in manifest.documents
            for resource in manifests.unpacked(document)
        ]
    return resources, problems


def _surrounded(
    ingresses: Sequence[_Document], resources: Sequence[_Document]
) -> Iterator[tuple[Mapping[str, Any], Inventory]]:
    """Each with the objects around it: where several files have one, that of its own file."""
    far = gather(document.object for document in resources)
    near = {
        file: far.preferring(gather(document.object for document in documents))
        for file, documents in groupby(resources, attrgetter("file"))
    }
    for ingress in ingresses:
        yield ingress.object, near[ingress.file]


def _line(document: _Document, conversion: Conversion) -> Line:
    metadata = document.object.get("metadata")
    names: Mapping[str, Any] = metadata if isinstance(metadata, Mapping) else {}
    code, reason = conversion.code, conversion.reason
    return Line(
        file=document.file,
        document=document.number,
        name=str(names.get("name") or ""),
        namespace=str(names.get("namespace") or ""),
        result=conversion.result,
        reason=f"{code}: {reason}" if code else reason,
        code=code or "",
        manifests=conversion.manifests,
        warnings=conversion.warnings,
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
