"""The options that each tool may be given, each with the kind of its value. All else is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from bot.domain.refusal import Refusal
from bot.net.tools import targets


class Tool(StrEnum):
    """What may be run."""

    DIG = "dig"
    CURL = "curl"
    PING = "ping"
    TRACEPATH = "tracepath"
    MTR = "mtr"


@dataclass(frozen=True, slots=True)
class Value:
    """The value of an option: what it may be, in words, and whether a text is that."""

    description: str
    fits: Callable[[str], bool]


def _number(least: int, most: int) -> Value:
    return Value(
        f"a number from {least} to {most}",
        lambda text: re.fullmatch(r"[0-9]{1,6}", text) is not None and least <= int(text) <= most,
    )


def _one_of(*choices: str) -> Value:
    return Value(f"one of {', '.join(choices)}", lambda text: text in choices)


def _is_host_header(text: str) -> bool:
    name, _, host = text.partition(":")
    return name.lower() == "host" and targets.is_name(host.lower())


RECORD = _one_of("A", "AAAA", "CNAME", "SRV", "TXT", "PTR", "SOA", "NS", "MX")
HOST = Value("Host:name, without a space", _is_host_header)
FAMILY: Mapping[str, Value | None] = {"-4": None, "-6": None}

OPTIONS: Mapping[Tool, Mapping[str, Value | None]] = MappingProxyType(
    {
        Tool.DIG: {"-t": RECORD, "+short": None, "+tcp": None, "+norecurse": None},
        Tool.CURL: {
            **FAMILY,
            "-I": None,
            "-k": None,
            "-v": None,
            "--http1.1": None,
            "-H": HOST,
            "-m": _number(1, 20),
        },
        Tool.PING: {
            **FAMILY,
            "-c": _number(1, 10),
            "-s": _number(0, 8972),
            "-M": _one_of("do", "want", "dont"),
        },
        Tool.TRACEPATH: {**FAMILY, "-m": _number(1, 30), "-l": _number(28, 9000)},
        Tool.MTR: {
            **FAMILY,
            "-c": _number(1, 10),
            "-s": _number(28, 8972),
            "-T": None,
            "-u": None,
            "-P": _number(1, 65535),
        },
    }
)
"""By tool. None: the option takes no value."""

DEFAULTS: Mapping[Tool, tuple[str, ...]] = MappingProxyType(
    {
        Tool.CURL: ("-m", "10"),
        Tool.PING: ("-c", "4"),
        Tool.TRACEPATH: ("-m", "15"),
        Tool.MTR: ("-c", "5"),
    }
)
"""What is given where the option is not."""


def read(tool: Tool, words: Sequence[str]) -> tuple[str, ...] | Refusal:
    """The options as arguments, with the defaults of those that are not given."""
    allowed = OPTIONS[tool]
    options: dict[str, tuple[str, ...]] = {}
    left = iter(words)
    for word in left:
        if word not in allowed:
            return Refusal(f"{tool} may be given {', '.join(allowed)} here, and not {word!r}.")
        options[word] = (word,)
        if value := allowed[word]:
            text = next(left, "")
            if not value.fits(text):
                return Refusal(f"{tool} {word}: {text!r} is not {value.description}.")
            options[word] = (word, text)
    default = DEFAULTS.get(tool, ())
    if default:
        options.setdefault(default[0], default)
    return tuple(argument for arguments in options.values() for argument in arguments)
