"""The rule of a path, just as Traefik makes it, with its values quoted.

Source: `loadRouter`, `buildHostRule` and `buildRule` of kubernetesingress, v2.10 to v3.7; Go's
strconv.Quote.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.ingress_conversion.refusals import ConversionReason, Unconvertible
from bot.ingress_conversion.source import SourcePath
from bot.ingress_conversion.target import SINCE_STRICT_PREFIX, SINCE_WILDCARD_HOST, ConversionTarget

SPECIAL = frozenset(r"\.+*?()|[]{}^$")
"""What Go's regexp.QuoteMeta escapes."""

WILDCARD = "*."
LABEL = "[a-zA-Z0-9-]+"
OLD_SYNTAX = "v2"
EVERYTHING = "/"

Quote = Callable[[str], str]

ESCAPES = {
    '"': '\\"', "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f",
    "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
}  # fmt: skip
"""The short escapes of a string in Go."""


@dataclass(frozen=True, slots=True)
class RuleText:
    """`text` is the rule to write; `length` is that of Traefik's own text, its default priority."""

    text: str
    length: int

    @property
    def keeps_priority(self) -> bool:
        """Whether the text has by itself the priority of Traefik's own."""
        return len(self.text.encode(errors="surrogatepass")) == self.length


def of_path(path: SourcePath, matcher: str, syntax: str, target: ConversionTarget) -> RuleText:
    """The rule of one path of an Ingress. `matcher` and `syntax` come from annotations.

    Raises:
        Unconvertible: There is nothing to match, or this Traefik does not know the matcher.
    """

    def written(quote: Quote) -> str:
        parts = [_host(path.host, syntax, target, quote)] if path.host else []
        if path.path:
            parts.append(_path(path.path, _matcher(path, matcher, syntax, target), target, quote))
        return " && ".join(parts)

    if not path.host and not path.path:
        raise Unconvertible(ConversionReason.NOTHING_TO_MATCH, f"backend {path.backend.service}")
    return _rule(written, target)


def of_default(target: ConversionTarget) -> RuleText:
    """The rule of a default backend, which matches everything."""
    return _rule(lambda quote: f"PathPrefix({quote(EVERYTHING)})", target)


def _rule(written: Callable[[Quote], str], target: ConversionTarget) -> RuleText:
    own = written(go_quoted if target.quotes else in_backticks)
    # Where an older Traefik writes a backtick between backticks, the same text does the same.
    text = written(_quoted) if target.quotes else own
    return RuleText(text, len(own.encode(errors="surrogatepass")))


def _host(host: str, syntax: str, target: ConversionTarget, quote: Quote) -> str:
    if not host.startswith(WILDCARD):
        return f"Host({quote(host)})"
    domain = host.removeprefix("*")
    if not target.is_v3 or syntax == OLD_SYNTAX:
        pattern = f"{{subdomain:{LABEL}}}{domain}"
    elif target.since(SINCE_WILDCARD_HOST):
        return f"Host({quote(host)})"
    else:
        pattern = f"^{LABEL}{_escaped(domain)}$"
    return f"HostRegexp({quote(pattern)})"


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in SPECIAL else character for character in text)


def _path(path: str, matcher: str, target: ConversionTarget, quote: Quote) -> str:
    strict = target.strict_prefix and target.since(SINCE_STRICT_PREFIX)
    if not strict or matcher != "PathPrefix" or path == EVERYTHING:
        return f"{matcher}({quote(path)})"
    exact = path.removesuffix("/")
    return f"(Path({quote(exact)}) || PathPrefix({quote(f'{exact}/')}))"


def _matcher(path: SourcePath, annotated: str, syntax: str, target: ConversionTarget) -> str:
    if path.type == "Exact":
        return "Path"
    if path.type not in ("", "ImplementationSpecific") or not annotated:
        return "PathPrefix"
    if annotated not in _matchers(syntax, target):
        raise Unconvertible(ConversionReason.UNKNOWN_PATH_MATCHER, f"{annotated!r}")
    return annotated


def _matchers(syntax: str, target: ConversionTarget) -> frozenset[str]:
    """The matchers of a path, in each spelling that Traefik's rules accept."""
    names = ["Path", "PathPrefix"]
    if target.is_v3 and syntax != OLD_SYNTAX:
        names.append("PathRegexp")
    if target.exact_matchers:
        return frozenset(names)
    return frozenset(
        spelling
        for name in names
        for spelling in (name, name.lower(), name.upper(), name.capitalize())
    )


def in_backticks(value: str) -> str:
    """Raw, as Traefik's documentation writes rules."""
    return f"`{value}`"


def go_quoted(value: str) -> str:
    """As Go's `%q` writes it."""
    return '"' + "".join(map(_go_character, value)) + '"'


def _quoted(value: str) -> str:
    """In backticks unless it holds one; both mean the same to Traefik."""
    return go_quoted(value) if "`" in value else in_backticks(value)


def _go_character(character: str) -> str:
    if character in ESCAPES:
        return ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80:  # noqa: PLR2004  # where ASCII ends
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004  # the plane
