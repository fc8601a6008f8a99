"""Joining what several hands wrote: errors of the cluster, messages of objects, and advice."""

ENDS = (".", "!", "?", "…")
"""What ends a sentence."""


def sentences(*texts: str) -> str:
    """All of these texts, each ended by a stop, so that no two of them run into each other."""
    return " ".join(map(_ended, filter(None, (text.strip() for text in texts))))


def _ended(text: str) -> str:
    return text if text.endswith(ENDS) else f"{text}."
