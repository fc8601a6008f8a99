"""`make conversion`: every Ingress that is at hand, converted for several versions of Traefik.

Ends with a code other than 0 where the conversion and the independent reading of `expected`
disagree, where what was made loses something, or where a CRD's schema does not take it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.errors import InputError
from bot.ingress_conversion.convert import Conversion, ConversionResult, convert
from bot.ingress_conversion.known import gather
from bot.ingress_conversion.source import is_ingress
from bot.ingress_conversion.target import ConversionTarget, version
from bot.manifests import reader as manifests
from tests.conversion.expected import World, faults, outcome
from tests.crd_schema import errors, ingress_route_errors, schema
from tests.places import DATA

CASES = (
    ("2.9.10", False),
    ("2.11.0", False),
    ("3.0.4", False),
    ("3.6.13", False),
    ("3.6.13", True),
    ("3.7.9", False),
)
"""Versions of Traefik, without and with strictPrefixMatching."""

CORPORA = {"manifests": "corpus/manifests", "Traefik's fixtures": "corpus/traefik"}
CERTIFICATES = "crds/cert-manager/v1.21.1/cert-manager.io_certificates.yaml"
MOST_TOLD = 40


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # the terminal is our page


def main() -> int:
    """Print the counts; 1 where something disagrees."""
    if not DATA.is_dir():
        say(f"conversion: the real manifests are not at {DATA}")
        return 2
    problems: list[str] = []
    for title, folder in CORPORA.items():
        files = list(_files(DATA / folder))
        documents = sum(len(ingresses) for _, _, ingresses in files)
        say(f"\n{title}: {documents} Ingresses in {len(files)} files")
        for written, strict in CASES:
            counted: Counter[str] = Counter()
            for path, objects, ingresses in files:
                for ingress in ingresses:
                    made, found = _one(ingress, objects, written, strict=strict)
                    counted[_told(made)] += 1
                    problems += [f"{path.relative_to(DATA)}, {written}: {each}" for each in found]
            say(
                f"  Traefik {written}{', strict' * strict}: "
                + ", ".join(f"{n} {w}" for w, n in sorted(counted.items()))
            )
    say(f"\n{len(problems)} disagreements")
    for each in problems[:MOST_TOLD]:
        say(f"  {each}")
    return 1 if problems else 0


def _files(folder: Path) -> Iterator[tuple[Path, list[Any], list[dict[str, Any]]]]:
    """Each file that holds an Ingress, with all its objects."""
    for path in sorted(folder.rglob("*.y*ml")):
        try:
            objects = list(manifests.parse(path.read_bytes(), path.name).objects)
        except InputError:
            continue
        ingresses = [each for each in objects if is_ingress(each)]
        if ingresses:
            yield path, objects, ingresses


def _one(
    ingress: dict[str, Any], objects: list[Any], written: str, *, strict: bool
) -> tuple[Conversion, list[str]]:
    """What becomes of an Ingress, and everything that is wrong with that."""
    number = version(written)
    assert number is not None
    made = convert(ingress, gather(objects), ConversionTarget(number, strict_prefix=strict))
    world = World(number)
    for each in objects:
        world.add(each)
    wanted, reasons = outcome(ingress, world)
    problems = []
    if made.result != wanted:
        problems.append(f"{made.result} ({made.reason or 'no reason'}), and not {wanted} {reasons}")
    if made.code and made.code not in reasons:
        problems.append(f"refused for {made.code}, and not for {reasons}")
    if made.result is ConversionResult.CONVERTED:
        whole = [dict(each) for each in made.manifests]
        problems += faults(ingress, whole)
        problems += [error for each in whole for error in _invalid(each, number)]
    return made, problems


def _invalid(manifest: dict[str, Any], number: tuple[int, ...]) -> list[str]:
    if manifest["kind"] == "IngressRoute":
        return ingress_route_errors(manifest, DATA, number)
    return errors(manifest, schema(DATA / CERTIFICATES, "cert-manager.io", "Certificate"))


def _told(made: Conversion) -> str:
    return f"refused ({made.code})" if made.code else made.result


if __name__ == "__main__":
    sys.exit(main())
