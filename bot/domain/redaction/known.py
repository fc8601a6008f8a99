"""The secrets that this process holds itself, removed from text by their exact value.

They are global on purpose: code that writes text cannot forget to pass them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus, unquote

HIDDEN = "[redacted]"

SHORTEST = 6
"""Characters that a secret has at least: shorter values occur in ordinary text."""

REMEMBERED = 4
"""Values that are remembered of each origin: older values of a rotated token have expired."""

_known: dict[str, tuple[str, ...]] = {}
_forms: tuple[str, ...] = ()
_bare: tuple[str, ...] = ()


def learn(origin: str, secret: str) -> None:
    """Hide this value from now on; `origin` names its source, such as `discord_token`."""
    global _forms, _bare  # noqa: PLW0603  # as the module says
    secret = secret.strip()
    earlier = _known.get(origin, ())
    if len(secret) < SHORTEST or secret in earlier:
        return
    _known[origin] = (secret, *earlier)[:REMEMBERED]
    forms = {form for values in _known.values() for value in values for form in forms_of(value)}
    # The longest first: a shorter one may be a part of it.
    _forms = tuple(sorted(forms, key=lambda form: (-len(form), form)))
    _bare = tuple(secret for secret in map(_stripped, _forms) if len(secret) >= SHORTEST)


def hidden(text: str) -> str:
    """The text without the known secrets, in any usual encoding.

    Where a secret is spread over lines, or quoted or percent-encoded in an unusual way, the whole
    text is hidden.
    """
    for form in _forms:
        if form in text:
            text = text.replace(form, HIDDEN)
    if len(text) < SHORTEST:
        return text
    views = {_stripped(text), _stripped(unquote(text))} if "%" in text else {_stripped(text)}
    return HIDDEN if any(secret in view for view in views for secret in _bare) else text


def forms_of(secret: str) -> Iterator[str]:
    """The ways in which a text may contain the value: plain, quoted, percent-encoded, in base64."""
    yield secret
    yield from (quote(secret, safe=""), quote(secret), quote_plus(secret))
    yield from (json.dumps(secret)[1:-1], repr(secret)[1:-1], ascii(secret)[1:-1])
    yield from _base64(secret.encode())


def _base64(secret: bytes) -> Iterator[str]:
    """The base64 characters that depend on the value alone, wherever it begins in the bytes."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + secret).decode()
        first = -(-before * 8 // 6)
        inner = encoded[first : (before + len(secret)) * 8 // 6]
        yield inner
        yield inner.translate(str.maketrans("+/", "-_"))


def _stripped(text: str) -> str:
    """The text without what quoting and folding add to it."""
    return "".join(text.replace("\\n", "").replace("\\", "").split())
