"""Taking secrets out of text before anybody sees it: chat, terminal, logs, errors."""

from __future__ import annotations

import re

HIDDEN = "[redacted]"

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # scheme://user:password@host
    (re.compile(r"(?<=://)[^/\s:@]{0,200}:[^/\s@]{1,500}@"), f"{HIDDEN}@"),
    # Authorization: Bearer …, Basic …, Bot …
    (re.compile(r"\b(bearer|basic|bot)\s+[\w.~+/=-]{12,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    # JSON Web Tokens
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"), HIDDEN),
    # key=value and key: value, where the key says what it is
    (
        re.compile(
            r"""(["']?[\w.-]{0,40}(?:passw(?:or)?d|passphrase|secret[_-]?key|api[_-]?key"""
            r"""|access[_-]?key|client[_-]?secret|private[_-]?key|auth[_-]?token"""
            r"""|access[_-]?token|refresh[_-]?token|[_-]token|\btoken)["']?\s*[=:]\s*)"""
            r"""("[^"\n]{1,500}"|'[^'\n]{1,500}'|[^\s"',;&]{3,500})""",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    # Tokens with a maker's prefix: GitHub, GitLab, Slack, AWS, Tailscale
    (
        re.compile(
            r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}"
            r"|AKIA[0-9A-Z]{16}|tskey-[\w-]{10,})"
        ),
        HIDDEN,
    ),
    # Discord: bot tokens, and the tokens in webhook and interaction addresses
    (re.compile(r"\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}\b"), HIDDEN),
    (re.compile(r"(?<=/webhooks/)(\d+)/[\w-]{20,}"), rf"\1/{HIDDEN}"),
    (re.compile(r"(?<=/interactions/)(\d+)/[\w-]{20,}"), rf"\1/{HIDDEN}"),
    # PEM blocks, also where lines were folded or the end is missing
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END|$)", re.DOTALL), HIDDEN),
)

LIKELY = re.compile(
    r"://|bearer|basic|bot|eyJ|pass|secret|key|token|gh[pousr]_|github_pat|glpat|xox|AKIA"
    r"|/webhooks|/interactions|[\w-]{23,28}\.[\w-]{6,7}\.",
    re.IGNORECASE,
)
"""What no text without a secret needs to be searched further for."""


def redact(text: str) -> str:
    """The text without what looks like a secret. Errs on the side of hiding."""
    if not LIKELY.search(text):
        return text
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text
