"""Removing secrets from text before it is shown: in chat, terminal, logs and errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from bot.domain.redaction import known as known_secrets
from bot.domain.redaction import prose, secret_objects

HIDDEN = known_secrets.HIDDEN

_KEYS = (
    r"passw(?:or)?d|passphrase|secret[_-]?key|api[_-]?key|access[_-]?key|client[_-]?secret"
    r"|private[_-]?key|key-data|auth[_-]?token|access[_-]?token|refresh[_-]?token|[_-]token|\btoken"
    r"|webhook[_-]?url|\bauthorization|dockerconfigjson"
)

_PHRASE_KEYS = r"(?:(?<!1)(?<!one)passw(?:or)?d|passphrase|secret[_-]?key|client[_-]?secret)"

_VALUE = (
    # A quote after backslashes does not end the value: the text may have been quoted again.
    r'"(?:\\+"?|[^"\\\n])++"?'
    r"|'(?:\\+'?|[^'\\\n])++'?"
    # A string inside a string ends at a quote with as many backslashes.
    r"""|(?P<quote>\\+["'])(?:(?!(?<!\\)(?P=quote)).)++"""
    # The first line of a block in YAML
    r"|[|>][-+\d]{0,2}[ \t]*+\r?\n[ \t]*+[^\r\n]++"
    r"""|[^\s"',;&\\][^\s"',;&]{2,}+"""
)

_PATTERNS = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # PEM blocks, also where lines were folded or the end is missing, and in base64
        (r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END|$)", HIDDEN),
        (r"\bLS0tLS1CRUdJTi[\w+/=\s-]{20,}", HIDDEN),
        # Tokens with a maker's prefix: GitHub, GitLab, Slack, AWS, Tailscale
        (
            r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}"
            r"|AKIA[0-9A-Z]{16}|tskey-[\w-]{10,})",
            HIDDEN,
        ),
        # Discord: bot tokens, and the tokens in webhook and interaction addresses
        (r"\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}+", HIDDEN),
        (r"(?i)(/(?:webhooks|interactions)/\d+/)[\w-]{12,}", rf"\1{HIDDEN}"),
        # Other webhooks: Slack, Teams, Telegram, Mattermost and what imitates them
        (
            r"(hooks\.slack\.com/|webhook\.office\.com/|telegram\.org/bot|/hooks/"
            # A Receiver of Flux's: who knows its path may make Flux reconcile
            r"|/hook/(?=[0-9a-f]{64}))"
            r"""[^\s"'<>\\]{8,}""",
            rf"\1{HIDDEN}",
        ),
        # scheme://user:password@host; a password may hold an @, and a token stand as the user
        (
            r"""(?<=://)(?:[^/\s:@]*+:[^/\s@]*+@(?:[^/\s@"'<>,]*+@)*+|[\w.~%+=-]{16,}+@)""",
            f"{HIDDEN}@",
        ),
        # Authorization: Bearer …, Basic …, Bot …
        (
            rf"(?i)\b(bearer|basic|bot)\s+(?!{prose.SCHEME_WORDS})[\w.~+/=-]{{12,}}",
            rf"\1 {HIDDEN}",
        ),
        # A passphrase: words that make no message. (1Password and onepassword name a provider.)
        (rf"(?i)({_PHRASE_KEYS}\s*[=:]\s*){prose.PHRASE}", rf"\1{HIDDEN}"),
        # key=value and key: value, where the key says what it is; after what has an end of its own.
        # A word of a message is no value, and the scheme of an authorization is not all of it.
        (
            rf"""(?i)((?:{_KEYS})\\*["']?\s*[=:]\s*)(?!{prose.PROSE})"""
            rf"""(?:(?:{prose.SCHEMES})[ \t]++)?(?:{_VALUE})""",
            rf"\1{HIDDEN}",
        ),
    )
)

SIGNS = (
    *("://", "bearer", "basic", "bot", "pass", "secret", "key", "token", "ghp_", "gho_", "ghu_"),
    *("ghs_", "ghr_", "github_pat", "glpat", "xox", "akia", "webhook", "authorization"),
    *("dockerconfigjson", "/interactions", "/hook", "hooks.slack", "telegram.org", "ls0tls1"),
)
"""Of these, case aside, a text holds at least one where a pattern finds a secret in it."""

_DOTTED = re.compile(r"\.[\w-]{6,7}\.")
"""The middle of a Discord token, which alone has none of these signs."""

_WORD = re.compile(r"[\w.-]{20,}+")


LONGEST = 16 * 1024
"""Characters of a text that are searched; who shows a file names more."""

FILE = 256 * 1024
"""Characters of a text that is shown as a file."""

MARGIN = 200
"""The last characters of a text that was cut, which are never shown: a known secret is shorter."""


def redact(text: str, most: int = LONGEST) -> str:
    """The text without what looks like a secret. Errs on the side of hiding.

    A search takes up to a second for a megabyte, so a text of more than `most` characters is cut,
    and ends with an ellipsis.
    """
    shown = text[:most]
    for hide in PASSES:
        shown = hide(shown)
    # A secret that was cut in two at the end can no longer be recognized.
    return shown if len(text) <= most else f"{shown[:-MARGIN]}…"


def names_a_secret(key: str) -> bool:
    """Whether any value of this key is a secret."""
    return HIDDEN in _by_pattern(f"{key}=xxxx")


def _by_pattern(text: str) -> str:
    if not _is_likely(text):
        return text
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def _is_likely(text: str) -> bool:
    """A quick test: most texts hold no sign of a secret, and need no pattern."""
    folded = text.casefold()
    return any(sign in folded for sign in SIGNS) or _DOTTED.search(text) is not None


def _without_jwts(text: str) -> str:
    """JSON Web Tokens: two or three parts between dots, the first beginning like base64 of `{"`."""
    return _WORD.sub(_jwt_hidden, text) if "eyJ" in text else text


def _jwt_hidden(word: re.Match[str]) -> str:
    before, begin, after = word[0].partition("eyJ")
    return before + HIDDEN if begin and "." in after else word[0]


def _as_it_is(text: str) -> str:
    for hide in (known_secrets.hidden, secret_objects.hidden, _without_jwts, _by_pattern):
        text = hide(text)
    return text


def _unescaped(text: str) -> str:
    """The text before it was quoted in JSON or Python, if that reveals a secret."""
    return _undone(text, _without_escapes) if "\\" in text else text


def _unquoted(text: str) -> str:
    """The text before it was put into a URL, if that reveals a secret."""
    return _undone(text, lambda quoted: unquote(_without_escapes(quoted))) if "%" in text else text


def _undone(text: str, undo: Callable[[str], str]) -> str:
    """Undo several levels of quoting, since a quoted text may contain quoted text."""
    other = text
    for _ in range(DEPTH):
        before, other = other, undo(other)
        if other == before:
            break
        if (redacted := _as_it_is(other)) != other:
            text = other = redacted
    return text


def _without_escapes(text: str) -> str:
    return _ESCAPE.sub(_unescape, text)


DEPTH = 3
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CONTROL = {"n": "\n", "r": "\r", "t": "\t"}


def _unescape(escape: re.Match[str]) -> str:
    wide, narrow, plain = escape.groups()
    return _CONTROL.get(plain, plain) if plain else chr(int(wide or narrow, 16))


PASSES: tuple[Callable[[str], str], ...] = (_as_it_is, _unescaped, _unquoted)
"""What `redact` does, in this order; the time that each takes grows with the text's length."""
