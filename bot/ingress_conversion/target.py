"""The Traefik that shall read the result: its version, and what its arguments say.

Source: Traefik's change log, v2.10 to v3.7, and its source for what that does not tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.traefik.domain.instance import NATIVE_LB_SINCE, YOUNG_GROUP_ALONE_SINCE, groups

Version = tuple[int, int, int]

WRITTEN = re.compile(r"v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?:[-+][\w.+-]*)?", re.ASCII)
NEWEST_PATCH = 9999
"""What is taken where a version names none: its branch as it is today."""

SINCE_STRICT_PREFIX = (3, 5, 0)
SINCE_WILDCARD_HOST = (3, 7, 0)
SINCE_CLASS_NAME = (3, 7, 0)

QUOTES_SINCE = {2: (2, 11, 48), 3: (3, 6, 11)}
"""From here on the Ingress's hosts and paths are written as Go quotes strings."""

EXACT_MATCHERS_SINCE = {2: (2, 11, 48), 3: (3, 6, 19)}
"""From here on a path matcher must be written just so; 3.7.0 to 3.7.2 did not ask for it yet."""


@dataclass(frozen=True, slots=True)
class EntryPoints:
    """Which entrypoints speak plain HTTP and which TLS; the names of k3s's and Traefik's charts."""

    http: tuple[str, ...] = ("web",)
    https: tuple[str, ...] = ("websecure",)


@dataclass(frozen=True, slots=True)
class ConversionTarget:
    """By whose rules an Ingress is read.

    `strict_prefix`, `ingress_class` and `cross_namespace` are static arguments of the providers
    (strictPrefixMatching, ingressClass, allowCrossNamespace).
    """

    version: Version
    strict_prefix: bool = False
    ingress_class: str = ""
    cross_namespace: bool = False
    entry_points: EntryPoints = EntryPoints()

    def since(self, begin: tuple[int, ...]) -> bool:
        """Whether it is of this version or later."""
        return self.version >= begin

    @property
    def has_native_lb(self) -> bool:
        """Whether it knows nativeLB at all."""
        return self.since(NATIVE_LB_SINCE)

    @property
    def is_young(self) -> bool:
        """Whether it is of v3, with the rule syntax of v3."""
        return self.since(YOUNG_GROUP_ALONE_SINCE)

    @property
    def group(self) -> str:
        """The API group that it reads, the younger where it reads both."""
        return groups(".".join(map(str, self.version)))[0]

    @property
    def quotes(self) -> bool:
        """Whether it writes the Ingress's hosts and paths as Go quotes strings."""
        return self.since(QUOTES_SINCE[3 if self.is_young else 2])

    @property
    def exact_matchers(self) -> bool:
        """Whether a path matcher must be written just so."""
        if SINCE_WILDCARD_HOST <= self.version < (3, 7, 3):
            return False
        return self.since(EXACT_MATCHERS_SINCE[3 if self.is_young else 2])


def version(text: str) -> Version | None:
    """`3.6.2`, `v3.6` or an image's tag as a version; None where it is none."""
    found = WRITTEN.fullmatch(text.strip())
    if found is None:
        return None
    major, minor, patch = found.groups()
    return int(major), int(minor), NEWEST_PATCH if patch is None else int(patch)
