"""Markdown on the sandbox page as Discord's clients read it, where simcord reads CommonMark.

What people copy from the page is then what they would copy from Discord.
"""

import re
from collections.abc import Mapping
from typing import Any

from simcord.preview import _markdown

NOT_DISCORDS = ("code", "hr", "lheading", "reference", "table", "html_block", "entity")
"""Rules of CommonMark that Discord lacks: indented code, lines, `&amp;` and the like."""

RUN = re.compile(r"`+")

PARSER = "_markdown_parser"
"""simcord's private name of what makes a parser for a kind of text."""

_simcords_parser: Any = getattr(_markdown, PARSER, None)


def read_as_discord_does() -> None:
    """Change how every page of simcord in this process reads Markdown."""
    setattr(_markdown, PARSER, _parser)


def _parser(policy: Mapping[str, bool | str], context: Mapping[str, Any]) -> Any:
    parser = _simcords_parser(policy, context)
    parser.disable(NOT_DISCORDS)
    parser.inline.ruler.at("backticks", _code_span)
    return parser


def _code_span(state: Any, silent: bool) -> bool:  # noqa: FBT001  # markdown-it calls it so
    """A run of backticks, and the next run that is as long."""
    opening = RUN.match(state.src, state.pos, state.posMax)
    if opening is None:
        return False
    marks = opening[0]
    runs = RUN.finditer(state.src, opening.end(), state.posMax)
    closing = next((run for run in runs if run[0] == marks), None)
    if closing is None:
        return False
    if not silent:
        token = state.push("code_inline", "code", 0)
        code = state.src[opening.end() : closing.start()]
        token.markup, token.content = marks, _unpadded(code)
    state.pos = closing.end()
    return True


def _unpadded(code: str) -> str:
    """Code without the space at an end that keeps a backtick apart, at each end by itself."""
    bare = code.strip(" ")
    code = code.removeprefix(" ") if bare.startswith("`") else code
    return code.removesuffix(" ") if bare.endswith("`") else code
