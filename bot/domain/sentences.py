"""Joining what several hands wrote: errors of the cluster, messages of objects, and advice."""

from __future__ import annotations

from collections.abc import Iterable

ENDS = (".", "!", "?", "…")
"""What ends a sentence."""


def sentences(*texts: str) -> str:
    """All of these texts, each ended by a stop, so that no two of them run into each other."""
    return " ".join(map(_ended, filter(None, (text.strip() for text in texts))))


def listed(words: Iterable[str], most: int = 5) -> str:
    """A list in words that is cut at a length: `a, b and 3 more`."""
    names = list(words)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _ended(text: str) -> str:
    return text if text.endswith(ENDS) else f"{text}."
