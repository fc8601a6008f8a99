"""Where the situations happen: the API server, the Git repository, and the servers around them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from bot.domain.finding import Ref
from bot.domain.resources.registry import KINDS
from tests.clusters.real import RealCluster
from tests.controllers.expected import Situation, Written
from tests.controllers.git import Repository
from tests.controllers.processes import Acme

Plain = dict[str, Any]
PATIENCE = 150.0
"""Seconds within which a controller has written what a row waits for."""

NAMESPACES = ("flux-system", "apps", "cert-manager", "tls", "web", "watched")
PLURALS = {kind.name: f"{kind.plural}.{kind.groups[0]}".rstrip(".") for kind in KINDS}


class InVain(AssertionError):
    """A controller did not write what a row waits for."""


@dataclass
class World:
    """The cluster, and what the controllers fetch from.

    files: The URL of the server for Git and Helm.
    webhook: The URL of a webhook that refuses everything, and the PEM of its authority.
    """

    real: RealCluster
    repository: Repository
    files: str
    webhook: tuple[str, bytes]
    acme: Acme

    def apply(self, objects: Iterable[Plain]) -> None:
        """Apply objects as somebody at home would."""
        self.real.apply(*objects)

    def read(self, ref: Ref) -> Plain | None:
        """An object; with a `*` in its name, the first one that fits."""
        place = ("-n", ref.namespace) if ref.namespace else ()
        plural = PLURALS.get(ref.kind, ref.kind)
        items: list[Plain] = self.real.read(plural, *place)["items"]
        return next((each for each in items if fits(each["metadata"]["name"], ref.name)), None)

    def until(self, holds: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        """Wait for something.

        Raises:
            InVain: It did not come.
        """
        end = time.monotonic() + patience
        while not holds():
            if time.monotonic() > end:
                raise InVain(what)
            time.sleep(0.5)

    def until_written(self, ref: Ref, written: Written, patience: float = PATIENCE) -> None:
        """Wait until a controller has written this of an object."""
        try:
            self.until(lambda: written.stands(self.read(ref)), f"{ref}: {written}", patience)
        except InVain as error:
            plain = self.read(ref) or {}
            raise InVain(f"{error}: {json.dumps(plain.get('status'))[:1500]}") from None

    def settled(self, situation: Situation) -> Ref:
        """The subject of a row, once its controller has written what the row waits for."""
        ref = situation.subject
        self.until_written(ref, situation.written)
        plain = self.read(ref)
        assert plain is not None
        return Ref(ref.kind, ref.namespace, plain["metadata"]["name"])


def fits(name: str, pattern: str) -> bool:
    """Whether a name is the one that is meant."""
    return fnmatchcase(name, pattern)
