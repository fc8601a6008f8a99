"""`meshmedic route edit`: add nativeLB to the routes in files, such as in a repository's CI."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml

from bot.cli.parser import Parser, add_files, add_output
from bot.errors import InputError
from bot.gitops.native_lb_edit import EditOutcome, EditResult, edit
from bot.gitops.unified_diff import difference
from bot.manifests import reader as manifests
from bot.render import terminal

DONE, REFUSED, UNREADABLE = 0, 1, 2
EXIT_CODES = "Exit code: 0 done, 1 something was refused, 2 unreadable input"


def add_arguments(parser: Parser) -> None:
    """The files, and whether they are changed."""
    parser.explain(
        "meshmedic route edit apps/*.yaml              # print the difference",
        "meshmedic route edit --in-place apps/*.yaml",
        codes=EXIT_CODES,
    )
    add_files(parser)
    parser.add_argument("--in-place", action="store_true", help="change the files, too")
    add_output(parser, ("text", "json"))
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the difference for each file, and write it where that is wanted."""
    as_json = arguments.output == "json"
    texts, unread = _read(arguments.file)
    services = _services(texts)
    outcomes: list[EditOutcome] = []
    for name, text in texts.items():
        try:
            edited = edit(text, name, services)
        except yaml.YAMLError as error:
            unread.append(_unread(name, f"not YAML: {_first_line(error)}. Fix it first."))
            continue
        if arguments.in_place and edited.text != text and name != manifests.STDIN:
            _write(Path(name), edited.text)
        if not as_json:
            path = "stdin" if name == manifests.STDIN else name.lstrip("/")
            terminal.write("".join(difference(path, text, edited.text)).encode())
        outcomes += edited.outcomes
    for outcome in (*outcomes, *unread):
        _show(outcome, as_json=as_json)
    if unread:
        return UNREADABLE
    return REFUSED if any(outcome.result is EditResult.REFUSED for outcome in outcomes) else DONE


def _read(files: Sequence[str]) -> tuple[dict[str, str], list[EditOutcome]]:
    """The texts by file name, each once, and what could not be read."""
    texts: dict[str, str] = {}
    unread: list[EditOutcome] = []
    for name in dict.fromkeys(files):
        try:
            body = manifests.read_bytes(name)
            # The same limits as everywhere: no text that would fill the memory.
            manifest = manifests.parse(body, name) if body.strip() else manifests.Manifests()
        except InputError as error:
            unread.append(_unread(name, str(error)))
            continue
        unread += [_unread(name, str(problem)) for problem in manifest.problems]
        if not manifest.problems:
            try:
                texts[name] = body.decode()
            except UnicodeDecodeError:
                unread.append(_unread(name, "that is not UTF-8 text. Save it as UTF-8."))
    return texts, unread


def _unread(name: str, why: str) -> EditOutcome:
    return EditOutcome(file=name, result=EditResult.REFUSED, reason=why.removeprefix(f"{name}: "))


def _services(texts: Mapping[str, str]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The Services in the same files, by (namespace, name)."""
    services: dict[tuple[str, str], Mapping[str, Any]] = {}
    for service in _objects(texts):
        metadata = service.get("metadata")
        if service.get("kind") == "Service" and isinstance(metadata, dict):
            name = str(metadata.get("namespace") or ""), str(metadata.get("name"))
            services[name] = service
    return services


def _objects(texts: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for text in texts.values():
        if text.strip():
            yield from (
                object_
                for object_ in manifests.parse(text.encode(), "").objects
                if isinstance(object_, dict)
            )


def _write(path: Path, text: str) -> None:
    """Replace a file at once, so that it is never half written; its mode stays.

    Raises:
        InputError: It cannot be written.
    """
    real = path.resolve()
    try:
        with tempfile.NamedTemporaryFile(dir=real.parent, delete=False) as new:
            new.write(text.encode())
        Path(new.name).chmod(real.stat().st_mode & 0o7777)
        os.replace(new.name, real)  # noqa: PTH105  # the one call whose name says what it does
    except OSError as error:
        why = error.strerror or str(error)
        raise InputError(f"{path}: it cannot be written: {why}.") from error


def _show(outcome: EditOutcome, *, as_json: bool) -> None:
    """A line of JSON; for people only what has a reason."""
    if as_json:
        terminal.write(msgspec.json.encode(outcome) + b"\n")
    elif outcome.reason:
        place = f"{outcome.namespace}/" if outcome.namespace else ""
        route = f": IngressRoute {place}{outcome.name}" if outcome.document is not None else ""
        terminal.tell(f"{outcome.file}{route}: {outcome.result}: {outcome.reason}")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
