"""`meshmedic route`: mending the routes in files, such as in a Git repository's own CI."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml

from bot.errors import InputError
from bot.gitops.native_lb_edit import EditOutcome, Result
from bot.gitops.native_lb_edit import edit as edited
from bot.gitops.unified_diff import difference
from bot.manifests import reader as manifests
from bot.render import terminal

DONE, REFUSED, UNREADABLE = 0, 1, 2


def edit(files: Sequence[str], *, in_place: bool, as_json: bool) -> int:
    """Print what becomes of each file, and write it where asked. Returns the exit code."""
    texts, unread = _read(files)
    known = _services(texts)
    outcomes: list[EditOutcome] = []
    for name, text in texts.items():
        try:
            made = edited(text, name, known)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            unread.append(_unread(name, f"not YAML: {_first_line(error)}. Mend it first."))
            continue
        if in_place and made.text != text and name != manifests.STDIN:
            _write(Path(name), made.text)
        if not as_json:
            terminal.write("".join(difference(_path(name), text, made.text)).encode())
        outcomes += made.outcomes
    _show([*outcomes, *unread], as_json=as_json)
    if unread:
        return UNREADABLE
    return REFUSED if any(outcome.result is Result.REFUSED for outcome in outcomes) else DONE


def _read(files: Sequence[str]) -> tuple[dict[str, str], list[EditOutcome]]:
    """The texts by file name, each once, and what could not be read."""
    texts: dict[str, str] = {}
    unread: list[EditOutcome] = []
    for name in dict.fromkeys(files):
        try:
            body = manifests.read_bytes(name)
            # The same limits as everywhere: no text that would fill the memory.
            found = manifests.parse(body, name) if body.strip() else manifests.Manifests()
        except InputError as error:
            unread.append(_unread(name, str(error)))
            continue
        unread += [_unread(name, str(problem)) for problem in found.problems]
        if not found.problems:
            try:
                texts[name] = body.decode()
            except UnicodeDecodeError:
                unread.append(_unread(name, "that is not UTF-8 text. Save it as UTF-8."))
    return texts, unread


def _unread(name: str, why: str) -> EditOutcome:
    return EditOutcome(file=name, result=Result.REFUSED, reason=why.removeprefix(f"{name}: "))


def _services(texts: Mapping[str, str]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The Services that stand in the same files, by (namespace, name)."""
    found = (object_ for text in texts.values() for object_ in _objects(text))
    return {
        (
            str(document["metadata"].get("namespace") or ""),
            str(document["metadata"].get("name")),
        ): document
        for document in found
        if isinstance(document, dict)
        and document.get("kind") == "Service"
        and isinstance(document.get("metadata"), dict)
    }


def _objects(text: str) -> Iterable[object]:
    return manifests.parse(text.encode(), "").objects if text.strip() else ()


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


def _show(outcomes: Iterable[EditOutcome], *, as_json: bool) -> None:
    """One line of JSON each; for people only what has a reason."""
    for outcome in outcomes:
        if as_json:
            terminal.write(msgspec.json.encode(outcome) + b"\n")
        elif outcome.reason:
            terminal.tell(f"{_subject(outcome)}: {outcome.result}: {outcome.reason}")


def _path(name: str) -> str:
    return "stdin" if name == manifests.STDIN else name.lstrip("/")


def _subject(each: EditOutcome) -> str:
    place = f"{each.namespace}/" if each.namespace else ""
    return (
        f"{each.file}: IngressRoute {place}{each.name}" if each.document is not None else each.file
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
