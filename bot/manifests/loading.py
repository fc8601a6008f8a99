"""Loading YAML as Kubernetes' own tools do: an anchor may be given again, and the latest counts.

Source: YAML 1.2, "3.2.2.2. Anchors and Aliases". PyYAML refuses a repeated anchor, kubectl and
Flux read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import yaml
from yaml.composer import Composer, ComposerError
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

REPEATED = "second occurrence"
"""PyYAML's problem where an anchor is given again."""

LONGEST_NUMBER = 400
"""Characters: more than any number has that JSON's readers take. `1:1:1` is a number, too: to find
that takes memory, and to read it takes time that grows with the square of its length.
"""

STUMBLES = (
    *(ValueError, KeyError, IndexError, AttributeError, TypeError, OverflowError, RecursionError),
)
"""What PyYAML raises besides its own errors: for a value that its explicit tag does not fit, a
number of thousands of digits, and nesting without end.
"""


@contextmanager
def yaml_errors() -> Iterator[None]:
    """Raise whatever PyYAML stumbles over as its own error.

    Raises:
        yaml.YAMLError: It is not YAML, or a value cannot be read.
    """
    try:
        yield
    except STUMBLES as error:
        raise yaml.YAMLError(str(error)) from error


class _JsonKeys(SafeConstructor):
    """Keys as JSON has them: texts. `on: true` is a key "true" to kubectl, and `1:` a key "1"."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # as PyYAML calls it
        """The mapping, all of whose keys are texts."""
        mapping = super().construct_mapping(node, deep=deep)
        if all(type(key) is str for key in mapping):
            return mapping
        return {_as_json(key): value for key, value in mapping.items()}


def _as_json(key: object) -> str:
    if isinstance(key, str):
        return key
    return str(key).lower() if isinstance(key, bool) else "null" if key is None else str(key)


class _ShortNumbers(Resolver):
    """A long value without quotes or a tag is a text, as in Go: no pattern of numbers is tried."""

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: Any) -> Any:
        """The tag of a node."""
        if kind is yaml.ScalarNode and len(value or "") > LONGEST_NUMBER:
            implicit = (False, implicit[1])
        return super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]


class Loader(_ShortNumbers, _JsonKeys, yaml.CSafeLoader):
    """Plain data only, and times left as the text that they are."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # a class attribute of PyYAML's own
        first: [(tag, pattern) for tag, pattern in resolver if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolver in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def _short(construct: Callable[[Any, Any], object]) -> Callable[[Any, Any], object]:
    """What constructs a number, and refuses a long one that has an explicit tag."""

    def constructed(loader: Loader, node: yaml.Node) -> object:
        if len(node.value) > LONGEST_NUMBER:
            msg = f"a number of more than {LONGEST_NUMBER} characters"
            raise ValueError(msg)
        return construct(loader, node)

    return constructed


for _tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float"):
    Loader.add_constructor(_tag, _short(SafeConstructor.yaml_constructors[_tag]))


class _Reanchoring(Composer):
    """Takes the latest of several anchors with one name; the parser is the other base's."""

    peek_event: Callable[[], Any]

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The next node; its anchor hides an earlier one of the same name."""
        event = self.peek_event()
        if not isinstance(event, yaml.AliasEvent):
            self.anchors.pop(event.anchor, None)
        return super().compose_node(parent, index)


class _ReanchoringLoader(_Reanchoring, Loader):
    """Slower than `Loader`, since Python composes what libyaml parsed."""

    def __init__(self, stream: str) -> None:
        Loader.__init__(self, stream)
        Composer.__init__(self)


class NodeLoader(_ShortNumbers, _Reanchoring, yaml.SafeLoader):
    """For nodes with their places in the text."""


def load_all(text: str) -> list[object]:
    """The documents of a text as plain data, None for an empty one.

    Raises:
        yaml.YAMLError: It is not YAML.
    """
    with yaml_errors():
        try:
            return list(yaml.load_all(text, Loader=Loader))
        except ComposerError as error:
            if error.problem != REPEATED:
                raise
        return list(yaml.load_all(text, Loader=_ReanchoringLoader))
