"""A closed list of reasons as a table in Markdown, for a page of the documentation."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.refusal import ExplainedReason

HEAD = "| Reason | Why | What to do instead |\n|---|---|---|\n"


def reason_table(reasons: Iterable[ExplainedReason]) -> str:
    """One row a reason."""
    rows = (f"| `{reason}` | {reason.why} | {reason.instead} |\n" for reason in reasons)
    return HEAD + "".join(rows)
