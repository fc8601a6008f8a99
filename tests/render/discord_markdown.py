"""A small model of Discord's Markdown: what a message shows, and what in it is live.

Source: Discord, "Markdown Text 101", and how its desktop client reads messages. At each place the
first rule that fits is taken, as simple-markdown does; bold text and its like are looked for before
code within them is, which is why code in bold can be broken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

ESCAPED = re.compile(r"\\([^0-9A-Za-z\s])")
BLOCK = re.compile(r"```(?:[\w+.\-]*\n)?(.*?[^\n].*?)```", re.DOTALL | re.ASCII)
CODE = re.compile(r"(`+)(.+?)(?<!`)\1(?!`)", re.DOTALL)

LINES = {
    "heading": re.compile(r" *#{1,3}\s+(?!#)"),
    "subtext": re.compile(r" *-# +(?!-#)"),
    "list": re.compile(r" *(?:[*+-]|\d+[.)])(?: +|$)", re.MULTILINE),
    "quote": re.compile(r" *>(?:>>)? "),
}
"""What begins a line; taken away from the text, with the rest of the line read on."""

INLINE = {
    "mention": re.compile(r"<@[!&]?\d+>|<#\d+>|<id:\w+>|@everyone|@here"),
    "command": re.compile(r"</[^:\n]+:\d+>"),
    "stamp": re.compile(r"<t:-?\d+(?::[tTdDfFR])?>"),
    "emoji": re.compile(r"<a?:\w+:\d+>|:[^\s:]+:"),
    "link": re.compile(
        r"(?:https?|steam|discord)://[^\s<]+|<[^: >]+:/[^ >]+>"
        r"|\[(?:\[[^\]]*\]|[^\[\]])*\]\(\s*(?:\([^)]*\)|[^\s\\)]|\\.)*\s*\)"
    ),
}
STYLES = (
    re.compile(r"\*\*((?:\\.|[^\\])+?)\*\*(?!\*)", re.DOTALL),
    re.compile(r"__((?:\\.|[^\\])+?)__(?!_)", re.DOTALL),
    re.compile(r"\*(?!\s)((?:\\.|\*\*|[^*\\])+?)(?<!\s) {0,2}\*(?!\*)", re.DOTALL),
    re.compile(r"_((?:\\.|__|[^_\\])+?)_(?!\w)", re.DOTALL | re.ASCII),
    re.compile(r"~~(.+?)~~(?!_)", re.DOTALL),
    re.compile(r"\|\|(.+?)\|\|", re.DOTALL),
)


@dataclass(slots=True)
class Message:
    """`text`: What a reader sees and copies. `live`: What is more than text, by its kind."""

    text: str = ""
    live: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)


def unescaped(source: str) -> str:
    """A message without the backslashes that Discord takes away; all its marks stay."""
    return ESCAPED.sub(r"\1", source)


def read(source: str) -> Message:
    """A message as the client shows it."""
    message, at = Message(), 0
    while at < len(source):
        at = _next(message, source, at)
    return message


def _next(message: Message, source: str, at: int) -> int:
    """Take what stands at a place, and return the next place."""
    if at == 0 or source[at - 1] == "\n":
        for kind, pattern in LINES.items():
            if match := pattern.match(source, at):
                message.live.append(kind)
                return max(match.end(), at + 1)
    if match := ESCAPED.match(source, at):
        message.text += match[1]
        return match.end()
    if match := BLOCK.match(source, at) or CODE.match(source, at):
        shown = match[1].strip("\n") if match.re is BLOCK else _unpadded(match[2])
        message.text += shown
        message.code.append(shown)
        return match.end()
    for kind, pattern in INLINE.items():
        if match := pattern.match(source, at):
            message.live.append(kind)
            message.text += match[0]
            return match.end()
    for pattern in STYLES:
        if match := pattern.match(source, at):
            within = read(match[1])
            message.live += ["style", *within.live]
            message.code += within.code
            message.text += within.text
            return match.end()
    message.text += source[at]
    return at + 1


def _unpadded(code: str) -> str:
    """Code without the space that keeps a backtick apart from its marks."""
    bare = code.strip(" ")
    code = code[1:] if bare.startswith("`") and code.startswith(" ") else code
    return code[:-1] if bare.endswith("`") and code.endswith(" ") else code
