"""Traefik's rules, such as ``Host(`a.example`) && PathPrefix(`/api`)``: parsed as Traefik does.

Source: Traefik reads a rule as a Go expression (vulcand/predicate, go/parser), so strings and line
ends follow Go's scanner. Matchers and their numbers of arguments: pkg/muxer/http and pkg/muxer/tcp,
v2.10 to v3.7. Version 3 still reads version 2's syntax where a route or the arguments ask for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network
from typing import TypeAlias

from bot.routing.go_regexp import why_invalid

DEEPEST = 100
"""How deep parentheses and negations may be nested; nobody writes such a rule."""

SHOWN = 60
MOST_NAMED = 3
"""The most characters of a value, and the most values, that a message repeats."""

TOKEN = re.compile(
    r"(?P<space>[ \t\r]+|//[^\n]*|/\*[^\n]*?\*/)|(?P<newline>\n)|(?P<op>&&|\|\||[!(),])"
    r"|(?P<raw>`[^`]*`)"
    r'|(?P<quoted>"(?:[^"\\\n]|\\[^\n])*")|(?P<name>[^\W\d]\w*)'
)
ESCAPE = re.compile(r'\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([0-3][0-7]{2})|(.))')
SURROGATE = re.compile(r"[dD][89a-fA-F][0-9a-fA-F]{2}")
ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
Arity: TypeAlias = tuple[int, int]
"""The fewest and the most arguments of a matcher."""

ONE, TWO, MANY = (1, 1), (2, 2), (1, 1000)


class Syntax(StrEnum):
    """The version of Traefik whose matchers a rule uses."""

    V2 = "v2"
    V3 = "v3"


MATCHERS: Mapping[Syntax, Mapping[str, Arity]] = {
    Syntax.V3: {
        "Host": ONE,
        "HostRegexp": ONE,
        "Path": ONE,
        "PathPrefix": ONE,
        "PathRegexp": ONE,
        "Method": ONE,
        "Header": TWO,
        "HeaderRegexp": TWO,
        "Query": (1, 2),
        "QueryRegexp": (1, 2),
        "ClientIP": ONE,
    },
    Syntax.V2: {
        "Host": MANY,
        "HostHeader": MANY,
        "HostRegexp": MANY,
        "Path": MANY,
        "PathPrefix": MANY,
        "Method": MANY,
        "Headers": TWO,
        "HeadersRegexp": TWO,
        "Query": MANY,
        "ClientIP": MANY,
    },
}
TCP_MATCHERS: Mapping[Syntax, Mapping[str, Arity]] = {
    Syntax.V3: {"HostSNI": ONE, "HostSNIRegexp": ONE, "ClientIP": ONE, "ALPN": ONE},
    Syntax.V2: {"HostSNI": MANY, "HostSNIRegexp": MANY, "ClientIP": MANY, "ALPN": MANY},
}
RENAMED = {"Headers": "Header", "HeadersRegexp": "HeaderRegexp", "HostHeader": "Host"}
"""Matchers of version 2, and what they are called in version 3."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition: a matcher by the name that Traefik's documentation uses, and its values."""

    name: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        """The matcher as it is written in a rule."""
        return f"{self.name}({', '.join(map(quoted, self.values))})"


@dataclass(frozen=True, slots=True)
class Not:
    """A condition that must not hold."""

    of: Expression

    def __str__(self) -> str:
        """The negation, with parentheses around everything but a matcher."""
        return f"!{self.of}" if isinstance(self.of, Matcher | Not) else f"!({self.of})"


@dataclass(frozen=True, slots=True)
class Both:
    """Conditions that must all hold, or of which one must (`every` False)."""

    parts: tuple[Expression, ...]
    every: bool = True

    def __str__(self) -> str:
        """The parts with their operator, in parentheses where they are of this kind again."""
        words = (f"({part})" if isinstance(part, Both) else str(part) for part in self.parts)
        return (" && " if self.every else " || ").join(words)


Expression: TypeAlias = Matcher | Not | Both


@dataclass(frozen=True, slots=True)
class RuleError:
    """What is wrong with a rule, and how to write it."""

    message: str


class _Wrong(Exception):
    """Stops the parser; it never leaves this module."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(rule: str, syntax: Syntax = Syntax.V3, *, tcp: bool = False) -> Expression | RuleError:
    """The rule's expression, or what is wrong with it. Takes any text."""
    try:
        return _Parser(tuple(_tokens(rule)), syntax, tcp=tcp).rule()
    except _Wrong as wrong:
        return RuleError(str(wrong))


def parse_either(rule: str, first: Syntax = Syntax.V3) -> Expression | RuleError:
    """Parse a rule by one syntax, and by the other one where it is not valid by the first."""
    expression = parse(rule, first)
    if isinstance(expression, RuleError):
        return parse(rule, Syntax.V2 if first is Syntax.V3 else Syntax.V3)
    return expression


def server_names(rule: str) -> tuple[str, ...]:
    """The values of HostSNI in a rule of TCP, in order; none where it is not valid."""
    expression = parse(rule, Syntax.V2, tcp=True)
    if isinstance(expression, RuleError):
        return ()
    return tuple(
        value
        for matcher in matchers(expression)
        if matcher.name == "HostSNI"
        for value in matcher.values
    )


def matchers(expression: Expression) -> tuple[Matcher, ...]:
    """All matchers of a rule, in order."""
    match expression:
        case Matcher():
            return (expression,)
        case Not(of):
            return matchers(of)
        case Both(parts):
            return tuple(matcher for part in parts for matcher in matchers(part))


def affirmed(expression: Expression) -> Iterator[Matcher]:
    """The matchers of a rule that stand in no negation, in order: those of what it takes."""
    match expression:
        case Matcher():
            yield expression
        case Not():
            return
        case Both(parts):
            for part in parts:
                yield from affirmed(part)


def quoted(value: str) -> str:
    """A value as it is written in a rule: in backticks, or in quotes if it holds one."""
    if "`" not in value and "\r" not in value:
        return f"`{value}`"
    escaped = "".join(
        f"\\{char}" if char in '"\\' else "\\n" if char == "\n" else "\\r" if char == "\r" else char
        for char in value
    )
    return f'"{escaped}"'


def _tokens(rule: str) -> Iterator[_Token]:
    """The tokens. As in Go, a line that ends after a value or a parenthesis ends the rule."""
    at, ends_here = 0, False
    while at < len(rule):
        match = TOKEN.match(rule, at)
        if match is None:
            raise _Wrong(_unreadable(rule, at))
        kind = match.lastgroup or ""
        if kind == "newline" and ends_here:
            if not rule[at:].strip():
                break
            msg = "a line may end only after && or ||, after ( or after a comma. Write it in one."
            raise _Wrong(msg)
        if kind not in ("space", "newline"):
            text = match[0]
            ends_here = kind != "op" or text == ")"
            yield _Token(text if kind == "op" else kind, text, at)
        at = match.end()


def _unreadable(rule: str, at: int) -> str:
    char = rule[at]
    if char in '`"':
        return f"a string that begins with {char} does not end. Close it with another {char}."
    if char in "'‘’“”":
        return f"{char} does not quote a value. Write it in backticks: `value`."
    if char in "&|":
        return f"a single {char} is not an operator. Write {char}{char}."
    return f"{char!r} has no place in a rule (at character {at + 1})."


@dataclass(slots=True)
class _Parser:
    """Reads tokens from left to right, each once: || binds least, then &&, then !."""

    tokens: tuple[_Token, ...]
    syntax: Syntax
    at: int = 0
    depth: int = 0
    tcp: bool = False

    def rule(self) -> Expression:
        """The whole rule.

        Raises:
            _Wrong: It is none.
        """
        if not self.tokens:
            msg = "it is empty."
            raise _Wrong(msg)
        expression = self._either()
        if self._next() == ")":
            msg = "there is one ) too many. Remove it, or open it with (."
            raise _Wrong(msg)
        if self._next():
            raise _Wrong(f"&& or || is missing before {self._shown()}.")
        return expression

    def _either(self) -> Expression:
        return self._joined("||", self._all)

    def _all(self) -> Expression:
        return self._joined("&&", self._one)

    def _joined(self, operator: str, read: Callable[[], Expression]) -> Expression:
        parts = [read()]
        while self._take(operator):
            parts.append(read())
        return parts[0] if len(parts) == 1 else Both(tuple(parts), every=operator == "&&")

    def _one(self) -> Expression:
        negations = 0
        while self._take("!"):
            negations += 1
        self.depth += 1 + negations
        if self.depth > DEEPEST:
            raise _Wrong(f"it is nested more than {DEEPEST} deep.")
        if self._take("("):
            expression = self._either()
            if not self._take(")"):
                raise _Wrong(self._unclosed())
        else:
            expression = self._matcher()
        self.depth -= 1 + negations
        for _ in range(negations):
            expression = Not(expression)
        return expression

    def _matcher(self) -> Matcher:
        if self._next() != "name":
            raise _Wrong(f"a matcher such as Host(`a.example`) is missing {self._where()}.")
        name = self._name(self._advance().text)
        if not self._take("("):
            raise _Wrong(f"after {name} its value is missing. Write {name}(`value`).")
        values: list[str] = []
        while self._next() in ("raw", "quoted"):
            token = self._advance()
            values.append(_value(token))
            if not self._take(","):
                break
        if not self._take(")"):
            raise _Wrong(self._no_value(name))
        return self._checked(Matcher(name, tuple(values)))

    def _no_value(self, name: str) -> str:
        if self._next() in ("", "&&", "||", "raw", "quoted"):
            return self._unclosed()
        return f"{self._shown()} is not a value of {name}. Write it in backticks: {name}(`value`)."

    def _name(self, text: str) -> str:
        known = (TCP_MATCHERS if self.tcp else MATCHERS)[self.syntax]
        for name in known:
            if text in (name, name.lower(), name.upper(), name.capitalize()):
                return name
        raise _Wrong(self._unknown(text, known))

    def _unknown(self, text: str, known: Mapping[str, Arity]) -> str:
        shown = text[:SHOWN]
        alike = next((name for name in known if name.lower() == text.lower()), "")
        if alike:
            return f"there is no matcher {shown}. Write {alike}."
        others = (MATCHERS if self.tcp else TCP_MATCHERS)[self.syntax]
        if text in others:
            kind = "IngressRoute" if self.tcp else "IngressRouteTCP"
            return f"{shown} is a matcher of the kind {kind}. Use one of: {', '.join(known)}."
        if self.syntax is Syntax.V3 and text in RENAMED:
            return f"{shown} is of Traefik 2. Write {RENAMED[text]} in Traefik 3."
        if self.syntax is Syntax.V2 and text in MATCHERS[Syntax.V3]:
            return f"{shown} is of Traefik 3, and this rule is read by the syntax of Traefik 2."
        return f"there is no matcher {shown}. Use one of: {', '.join(known)}."

    def _checked(self, matcher: Matcher) -> Matcher:
        fewest, most = (TCP_MATCHERS if self.tcp else MATCHERS)[self.syntax][matcher.name]
        count = len(matcher.values)
        if count < fewest:
            wanted = "a name and a value" if fewest > 1 else "a value"
            raise _Wrong(f"{matcher.name} needs {wanted}.")
        if count > most:
            raise _Wrong(_too_many(matcher, most))
        if wrong := _wrong_value(matcher, self.syntax):
            raise _Wrong(wrong)
        return matcher

    def _next(self) -> str:
        return self.tokens[self.at].kind if self.at < len(self.tokens) else ""

    def _advance(self) -> _Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def _take(self, kind: str) -> bool:
        taken = self._next() == kind
        self.at += taken
        return taken

    def _shown(self) -> str:
        return self.tokens[self.at].text[:SHOWN]

    def _where(self) -> str:
        return f"before {self._shown()}" if self._next() else "at its end"

    def _unclosed(self) -> str:
        return f"a ) is missing {self._where()}."


def _value(token: _Token) -> str:
    """The value of a string: Go's escapes in quotes, none in backticks."""
    inner = token.text[1:-1]
    if token.kind == "raw":
        return inner.replace("\r", "")

    def unescaped(match: re.Match[str]) -> str:
        plain, by_byte, by_code, octal, other = match.groups()
        if by_code and SURROGATE.fullmatch(by_code):
            other = f"u{by_code}"
        if other is not None:
            msg = f"\\{other} is not an escape in quotes. Write the value in backticks."
            raise _Wrong(msg)
        if plain:
            return ESCAPED.get(plain, plain)
        return chr(int(octal, 8) if octal else int(by_byte or by_code, 16))

    return ESCAPE.sub(unescaped, inner)


def _too_many(matcher: Matcher, most: int) -> str:
    count = len(matcher.values)
    if most > 1:
        return f"{matcher.name} takes two values, and here it has {count}."
    named = (Matcher(matcher.name, (value[:SHOWN],)) for value in matcher.values[:MOST_NAMED])
    words = " || ".join(map(str, named))
    more = " || …" if count > MOST_NAMED else ""
    return (
        f"in Traefik 3, {matcher.name} takes one value, and here it has {count}. "
        f"Write {words}{more}, or set `syntax: v2` for the rule."
    )


def _wrong_value(matcher: Matcher, syntax: Syntax) -> str:
    """What Traefik refuses of the values themselves."""
    if "" in matcher.values:
        return f"{matcher.name} has an empty value."
    if syntax is Syntax.V2 and matcher.name == "Query":
        pieces = sum(2 if "=" in value else 1 for value in matcher.values)
        return "Query needs a name and a value. Write Query(`name=value`)." if pieces % 2 else ""
    of_version = _wrong_in_v3 if syntax is Syntax.V3 else _wrong_in_v2
    for at, value in enumerate(matcher.values):
        if wrong := _wrong_anywhere(matcher.name, value) or of_version(matcher.name, value, at):
            return wrong
    return ""


def _wrong_anywhere(name: str, value: str) -> str:
    shown = quoted(value[:SHOWN])
    if name in ("Path", "PathPrefix") and not value.startswith("/"):
        return f"{name} must begin with a slash. Write {name}({quoted('/' + value[:SHOWN])})."
    if name in ("Host", "HostRegexp") and not value.isascii():
        return f"{name} takes only ASCII letters. Write the host in Punycode (xn--…)."
    if name == "HostSNI" and value != "*" and not SERVER_NAME.fullmatch(value):
        return f"{shown} is not a host name. For a pattern, write HostSNIRegexp."
    if name == "ClientIP" and not is_range(value):
        return f"{shown} is not an address or a range. Write one such as ClientIP(`10.0.0.0/8`)."
    if name == "ALPN" and value == ACME:
        return f"Traefik keeps {ACME} for its own certificates."
    return ""


def is_range(value: str) -> bool:
    """Whether Go reads it as an address or as a range."""
    _, slash, length = value.partition("/")
    if "%" in value or (slash and not length.isdecimal()):
        return False
    try:
        ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def _wrong_in_v2(name: str, value: str, at: int) -> str:
    if name == "HeadersRegexp" and at and (why := why_invalid(value)):
        return f"the pattern {quoted(value[:SHOWN])} is not valid: {why}."
    if name not in ("Path", "PathPrefix", "HostRegexp", "HostSNIRegexp"):
        return ""
    depth = begin = 0
    for position, char in enumerate(value):
        if char == "{":
            depth += 1
            begin = position if depth == 1 else begin
        elif char == "}":
            depth -= 1
            if depth < 0:
                break
            pattern = "" if depth else value[begin + 1 : position].partition(":")[2]
            if pattern and (why := why_invalid(pattern)):
                return f"the pattern {quoted(pattern[:SHOWN])} is not valid: {why}."
    return f"the braces in {quoted(value[:SHOWN])} do not match." if depth else ""


def _wrong_in_v3(name: str, value: str, at: int) -> str:
    if name == "HostSNIRegexp" and not value.isascii():
        return f"{name} takes only ASCII letters. Write the host in Punycode (xn--…)."
    is_pattern = name.endswith("Regexp") and at == PATTERN_AT.get(name, 0)
    if is_pattern and (why := why_invalid(value)):
        return f"the pattern {quoted(value[:SHOWN])} is not valid: {why}."
    return ""


ACME = "acme-tls/1"
SERVER_NAME = re.compile(r"[\w.:-]+", re.ASCII)
PATTERN_AT = {"HeaderRegexp": 1, "QueryRegexp": 1}
"""Which value is a pattern, where it is not the first one."""
