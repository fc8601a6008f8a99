"""The cause of a finding in one short sentence, where its message or evidence names it.

What a reader may copy stands between backticks: addresses and quantities.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.domain.containers import MEMORY_LIMIT
from bot.domain.finding import Finding

SEARCHED = 4000
"""Characters of a message in which a cause is looked for."""

URL = r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::\d{1,5})?"
"""An address without its path: the token of a challenge helps nobody."""

HOST = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?"

QUANTITY = re.compile(r"\d{1,20}(?:\.\d{1,9})?(?:[EPTGMK]i?|[mk])?")


class NamedCause(NamedTuple):
    """A cause that a message names: `says` is searched, and its groups fill `text`."""

    says: re.Pattern[str]
    text: str


CAUSES = (
    NamedCause(
        re.compile(rf"Fetching (?P<url>{URL})(?![\w.:-])\S{{0,300}} Timeout"),
        "The ACME server timed out on `{url}`.",
    ),
    NamedCause(
        re.compile(rf"Fetching (?P<url>{URL})(?![\w.:-])\S{{0,300}} Connection refused"),
        "`{url}` refuses the ACME server's connection.",
    ),
    NamedCause(
        re.compile(
            rf"Invalid response from (?P<url>{URL})(?![\w.:-])\S{{0,300}} (?P<status>\d{{3}})\b"
        ),
        "`{url}` answers the ACME server with HTTP {status}.",
    ),
    NamedCause(
        re.compile(rf"NXDOMAIN looking up [A-Z]{{1,8}} for (?P<host>{HOST})"),
        "DNS has no record of `{host}`.",
    ),
)
"""Source of the ACME server's words: Let's Encrypt's boulder, `va`."""


def because(finding: Finding) -> str:
    """The cause in our words; empty where the finding's message says it best."""
    for cause in CAUSES:
        if match := cause.says.search(finding.message[:SEARCHED]):
            return cause.text.format_map(match.groupdict())
    return _memory(finding)


def _memory(finding: Finding) -> str:
    """The memory limit at which a container was killed."""
    for item in finding.evidence:
        if item.label.startswith(MEMORY_LIMIT) and QUANTITY.fullmatch(item.value):
            return f"It reached its memory limit of `{item.value}`."
    return ""
