"""Removing the values of Kubernetes Secrets from text that quotes one in JSON, YAML or Python."""

from __future__ import annotations

import re

HIDDEN = "[redacted]"

SECRET = re.compile(
    r"""kind\\*["']?\s*[:=]\s*\\*["']?Secret(?:List)?\b|\bV1Secret|kubernetes\.io/service-account"""
    r"""|kubernetes\.io/(?:tls|dockerc|basic-auth|ssh-auth)|type\\*["']?\s*[:=]\s*\\*["']?Opaque"""
)
"""Matches any text that quotes a Secret."""

STRING_DATA = re.compile(r"string_?data", re.IGNORECASE)

MAPPING = re.compile(r"""\b(?:data|string_?data)\\*["']?\s*[:=]\s*\{""", re.IGNORECASE)
"""Where the values begin in JSON and in Python."""

TOKEN = re.compile(r"""(?<!\\)\\*+["']|[{}]""")

BLOCK = re.compile(
    r"^([ \t|]*)((?:- )?(?:data|stringData):)[ \t]*\r?\n((?:(?:\1[ \t]+\S.*|[ \t]*\r?)(?:\n|\Z))+)",
    re.MULTILINE,
)
"""The values in YAML: all that is indented deeper than the key. Tracebacks may add bars."""


def hidden(text: str) -> str:
    """The text without the `data` and `stringData` of a Secret. Errs on the side of hiding."""
    if not (STRING_DATA.search(text) or SECRET.search(text)):
        return text
    return BLOCK.sub(rf"\1\2 {HIDDEN}\n", _without_mappings(text))


def _without_mappings(text: str) -> str:
    parts: list[str] = []
    done = 0
    while begin := MAPPING.search(text, done):
        parts += [text[done : begin.end()], HIDDEN]
        done = _end(text, begin.end())
    return "".join([*parts, text[done:]])


def _end(text: str, begin: int) -> int:
    """Where the brace that opens just before `begin` is closed; else the end of the text.

    Braces inside strings do not count. A string ends at the same quote with as many backslashes
    before it: JSON inside JSON has more.
    """
    depth, string = 1, ""
    for token in TOKEN.finditer(text, begin):
        sign = token[0]
        if sign in "{}":
            depth += 0 if string else (1 if sign == "{" else -1)
            if not depth:
                return token.start()
        elif not string:
            string = sign
        elif sign == string:
            string = ""
    return len(text)
