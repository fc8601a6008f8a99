"""An object as people name it at kubectl: `po/jellyfin`, or `ing jellyfin -n media`."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cli.kinds import kind_of


def code(words: Sequence[str]) -> str:
    """What may be a finding's code: a single word, whatever namespace is named; else empty."""
    return words[0] if len(words) == 1 else ""


def searched(words: Sequence[str], namespace: str | None) -> str:
    """Words that a finding's object has, such as `Pod media/jellyfin`."""
    kind, rest = _kind(words)
    named = "/".join(rest)
    if namespace and "/" not in named:
        named = f"{namespace}/{named}"
    return f"{kind} {named}".strip() if kind else named


def route(words: Sequence[str], namespace: str | None) -> str:
    """A route or Service as `kind/namespace/name`, `namespace/name`, or its host as it is."""
    kind, rest = _kind(words)
    if kind is None and len(words) > 1:
        return " ".join(words)
    parts = list(rest)
    if namespace and len(parts) == 1 and "." not in parts[0]:
        parts.insert(0, namespace)
    return "/".join((kind.lower(), *parts) if kind else parts)


def _kind(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The kind, where one is named first, and the rest of the name in its parts."""
    first, *more = [part for word in words for part in word.split("/") if part] or [""]
    kind = kind_of(first) if more else None
    return (kind, more) if kind else (None, [first, *more])
