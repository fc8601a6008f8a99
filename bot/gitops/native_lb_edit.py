"""Set `nativeLB: true` in the IngressRoutes of a file by the smallest textual difference.

The text is parsed before and after, and the two must differ in exactly the intended keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from bot.gitops.documents import Original, at, encrypted
from bot.gitops.source import mapping
from bot.manifests.edit import Misfit, Splice, setting, splice, within
from bot.routing.native_lb import FIELD, Choice, Manifest, Path, choose, is_ingress_route

SOPS = "the file is encrypted by SOPS, whose checksum an edit would break: use `sops edit`"


class EditResult(StrEnum):
    """What became of one IngressRoute."""

    EDITED = "edited"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class EditOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one IngressRoute of a file.

    `document` counts from 0 within the file; it is None where the file has no IngressRoute.
    `reason` is a sentence where something was left unchanged.
    """

    file: str
    document: int | None = None
    name: str = ""
    namespace: str = ""
    result: EditResult
    reason: str = ""


class Edited(msgspec.Struct, frozen=True):
    """A file's text after the edit, and the outcome of each IngressRoute."""

    text: str
    outcomes: tuple[EditOutcome, ...]


def edit(text: str, file: str, known: Mapping[tuple[str, str], Manifest]) -> Edited:
    """Add the field wherever possible; what cannot be edited safely stays unchanged.

    Raises:
        yaml.YAMLError: It is not YAML.
    """
    original = Original(text)
    splices: list[Splice] = []
    outcomes: list[EditOutcome] = []
    for number, prefix, manifest in original.objects():
        if not is_ingress_route(manifest):
            continue
        choice = choose(manifest, known)
        try:
            splices += _splices(original, number, prefix, choice.add)
            result, reason = _described(choice)
        except Misfit as misfit:
            result, reason = EditResult.REFUSED, str(misfit)
        metadata = mapping(manifest.get("metadata"))
        outcome = EditOutcome(
            file=file,
            document=number,
            name=str(metadata.get("name") or ""),
            namespace=str(metadata.get("namespace") or ""),
            result=result,
            reason=reason[:1].upper() + reason[1:],
        )
        outcomes.append(outcome)
    nothing = EditOutcome(file=file, result=EditResult.UNCHANGED, reason="It has no IngressRoute.")
    return Edited(splice(text, splices), tuple(outcomes) or (nothing,))


def edit_one(text: str, number: int, prefix: Path, chosen: Sequence[Path]) -> str:
    """The text with the field in chosen services of one IngressRoute; other bytes stay.

    `prefix` is the object's place in its document, `chosen` paths in the object.

    Raises:
        yaml.YAMLError: It is not YAML.
        Misfit: It cannot be done with certainty.
    """
    return splice(text, _splices(Original(text), number, prefix, chosen))


def _splices(
    original: Original, number: int, prefix: Path, add: Sequence[Path]
) -> tuple[Splice, ...]:
    """The splices that do exactly what is intended.

    Raises:
        Misfit: There is none; the message is for people.
    """
    document, root = original.data[number], original.roots[number]
    if add and encrypted(document):
        raise Misfit(SOPS)
    paths = [(*prefix, *path) for path in add]
    try:
        mappings = [within(root, path) for path in paths] if root else []
        splices = tuple(setting(original.text, mapping, FIELD, "true") for mapping in mappings)
    except Misfit as misfit:
        raise Misfit(f"{misfit}: edit it by hand.") from None

    def change(documents: list[Any]) -> None:
        for path in paths:
            at(documents[number], path)[FIELD] = True

    if not original.becomes(splices, change):
        raise Misfit(
            "the edit would change more than it should, by an anchor say: edit it by hand."
        )
    return splices


def _described(choice: Choice) -> tuple[EditResult, str]:
    left = "; ".join(
        dict.fromkeys(f"service {service.name!r}: {service.why}" for service in choice.left)
    )
    if choice.add:
        return EditResult.EDITED, f"Left as it is: {left}." if left else ""
    if left:
        return EditResult.REFUSED, f"{left}."
    if choice.already:
        return EditResult.UNCHANGED, f"Each of its services has {FIELD} already."
    return EditResult.UNCHANGED, "It names no service."
