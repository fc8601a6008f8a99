"""A YAML text before and after an edit: its objects, its nodes, and what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import yaml

from bot.manifests.edit import Splice, documents, splice
from bot.routing.native_lb import Path


def objects(document: Any) -> Iterator[tuple[Path, Any]]:
    """The document, or the items of the list that it is."""
    if isinstance(document, dict) and isinstance(document.get("items"), list):
        for index, item in enumerate(document["items"]):
            yield ("items", index), item
    else:
        yield (), document


class Original:
    """A file as it was: its text, where its nodes stand, and what they mean.

    Raises:
        yaml.YAMLError: It is not YAML.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.roots = documents(text)
        self.data = meaning(text)

    def objects(self) -> Iterator[tuple[int, Path, Any]]:
        """Every object: its document, its place in that, and itself."""
        for number, document in enumerate(self.data):
            for prefix, manifest in objects(document):
                yield number, prefix, manifest

    def becomes(self, splices: Sequence[Splice], change: Callable[[list[Any]], object]) -> bool:
        """Whether the splices do to the text just what `change` does to its meaning."""
        # Written out and read again, so that what aliases share is no longer shared.
        wanted = [msgspec.to_builtins(document) for document in self.data]
        change(wanted)
        try:
            return meaning(splice(self.text, splices)) == wanted
        except (yaml.YAMLError, ValueError):
            return False


def meaning(text: str) -> list[Any]:
    """The documents of a text.

    Raises:
        yaml.YAMLError: It is not YAML.
    """
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


def at(document: Any, path: Path) -> Any:
    """What stands at a path."""
    for step in path:
        document = document[step]
    return document


def encrypted(document: Any) -> bool:
    """Whether SOPS encrypted it."""
    return isinstance(document, dict) and "sops" in document
