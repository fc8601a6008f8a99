"""The Traefik that will read the result: its version, and its arguments.

Source: Traefik's change log, v2.10 to v3.7, and its source for what that does not tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.routing.instance import NATIVE_LB_SINCE, NEW_GROUP_ONLY_SINCE, groups

Version = tuple[int, int, int]

WRITTEN = re.compile(r"v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?:[-+][\w.+-]*)?", re.ASCII)
NEWEST_PATCH = 9999
"""Stands for a missing patch number: the newest release of that branch."""

SINCE_STRICT_PREFIX = (3, 5, 0)
SINCE_WILDCARD_HOST = (3, 7, 0)
SINCE_CLASS_NAME = (3, 7, 0)

QUOTES_SINCE = {2: (2, 11, 48), 3: (3, 6, 11)}
"""From these versions on, Traefik writes hosts and paths as Go quotes strings."""

EXACT_MATCHERS_SINCE = {2: (2, 11, 48), 3: (3, 6, 19)}
"""From these versions on, the case of a path matcher counts; 3.7.0 to 3.7.2 still ignored it."""


@dataclass(frozen=True, slots=True)
class EntryPoints:
    """Which entrypoints speak plain HTTP and which TLS; by default as in the charts of k3s."""

    http: tuple[str, ...] = ("web",)
    https: tuple[str, ...] = ("websecure",)


@dataclass(frozen=True, slots=True)
class ConversionTarget:
    """The Traefik by whose rules an Ingress is read.

    `strict_prefix`, `ingress_class` and `cross_namespace` are static arguments of the providers
    (strictPrefixMatching, ingressClass, allowCrossNamespace).
    """

    version: Version
    strict_prefix: bool = False
    ingress_class: str = ""
    cross_namespace: bool = False
    entry_points: EntryPoints = EntryPoints()

    def since(self, begin: tuple[int, ...]) -> bool:
        """Whether Traefik has this version or a later one."""
        return self.version >= begin

    @property
    def has_native_lb(self) -> bool:
        """Whether this version has nativeLB at all."""
        return self.since(NATIVE_LB_SINCE)

    @property
    def is_v3(self) -> bool:
        """Whether it is Traefik 3, with the rule syntax of v3."""
        return self.since(NEW_GROUP_ONLY_SINCE)

    @property
    def group(self) -> str:
        """The API group that it reads, the newer one if it reads both."""
        return groups(".".join(map(str, self.version)))[0]

    @property
    def quotes(self) -> bool:
        """Whether Traefik writes an Ingress's hosts and paths as Go quotes strings."""
        return self.since(QUOTES_SINCE[3 if self.is_v3 else 2])

    @property
    def exact_matchers(self) -> bool:
        """Whether the case of a path matcher counts."""
        if SINCE_WILDCARD_HOST <= self.version < (3, 7, 3):
            return False
        return self.since(EXACT_MATCHERS_SINCE[3 if self.is_v3 else 2])


def version(text: str) -> Version | None:
    """Parse `3.6.2`, `v3.6` or an image's tag; None if it is not a version."""
    match = WRITTEN.fullmatch(text.strip())
    if match is None:
        return None
    major, minor, patch = match.groups()
    return int(major), int(minor), NEWEST_PATCH if patch is None else int(patch)
