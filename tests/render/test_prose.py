"""Prose that quotes the cluster: nothing in it is live on Discord, whatever stands before it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render import cards
from bot.render.cards import NO_BREAK, escape
from tests.examples import examples

ROOT = Path(__file__).parents[2]
ESCAPED = re.compile(r"\\[^0-9A-Za-z\s]")
LIVE = {
    "bold or italics": re.compile(r"\*"),
    "italics or underline": re.compile(r"_"),
    "struck through": re.compile(r"~"),
    "spoiler": re.compile(r"\|"),
    "code": re.compile(r"`"),
    "quote": re.compile(r"^ *>(?:>>)? ", re.MULTILINE),
    "header": re.compile(r"^ *(?:-)?#{1,3}\s", re.MULTILINE),
    "list": re.compile(r"^\s*(?:[-+*]|\d+[.)])\s", re.MULTILINE),
    "masked link": re.compile(r"\[[^\]]*\]\("),
    "address": re.compile(r"(?:https?|steam|discord)://"),
    "mention, time, emoji, command": re.compile(r"<(?:[@#/]|a?:|t:|id:|https?:)"),
    "everyone": re.compile(r"@(?:everyone|here)"),
    "emoji": re.compile(r":\w+:"),
}
"""What Discord's clients act upon once escaped signs are taken away ("Markdown Text 101")."""


def live(shown: str) -> Iterator[str]:
    """What is live in a message."""
    plain = ESCAPED.sub("x", shown)
    return (what for what, pattern in LIVE.items() if pattern.search(plain))


@pytest.mark.parametrize(
    "text",
    [
        "see https://x/**bold**||spoiler||~~gone~~",
        "http://x/_a_ and `code`",
        "<https://x/**b**>",
        "[**bold** ||hidden||](https://evil.example)",
        "[a](https://x) [b](https://y)",
        "steam://run/**1**",
        "> quoted",
        "  >>> all of it",
        "# title",
        "-# small",
        "- entry",
        "12. entry",
        "3) entry",
        "* entry",
        "<@123> <@&456> <#789> <t:1:R> </fix:1> <a:x:1> <id:guide>",
        "@everyone @here",
        ":skull: ```\nblock\n```",
        "\\**bold\\**",
        "\\\\**bold**",
        "first\n> second\n# third\n- fourth",
        "~~~x~~~ ___y___ ***z***",
    ],
)
def test_nothing_that_the_cluster_writes_is_markup(text: str) -> None:
    assert list(live(text))
    assert not list(live(escape(text)))


def test_prose_is_read_as_it_was_written() -> None:
    """Escapes and invisible signs apart."""
    for text in ("a*b_c~d|e", "- x > y", "1. a", "x\\y", "https://x/(y)?a=b_c"):
        assert re.sub(r"\\([^0-9A-Za-z\s])", r"\1", escape(text)).replace(NO_BREAK, "") == text


SIGNS = "*_~|`>#-+.\\[]()<>@:/ \n1at"
PIECES = ("https://x/", "**", "||", "](", "<@1>", "```", "> ", "# ", "@everyone", "<t:1:R>")


@settings(max_examples=examples(1000))
@given(st.lists(st.sampled_from(PIECES) | st.text(SIGNS, max_size=4), max_size=12).map("".join))
def test_no_prose_is_live(text: str) -> None:
    assert not list(live(escape(text)))


@given(st.text(max_size=200))
def test_any_text_can_be_escaped(text: str) -> None:
    assert not list(live(escape(text)))


def test_prose_is_made_safe_in_one_place() -> None:
    """discord.py's functions leave links alone by default, and so nobody uses them."""
    unsafe = re.compile(r"\b(?:escape|remove)_(?:markdown|mentions)\b")
    files = [path for folder in ("bot", "commands") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 100
    assert [path for path in files if unsafe.search(path.read_text())] == []


UNSEEN = "\x00\x1b\x7f\x85\xad\u061c\u200b\u200d\u2028\u202e\u2066\ufeff\ue000\ud800"


@pytest.mark.parametrize("char", UNSEEN)
def test_a_file_of_text_hides_nothing(char: str):
    """Who approves reads it, and takes one name for another where a character is not seen."""
    file = cards.Attachment.of_text("change.txt", f"Host(`a{char}b`)\n\tnext ⚠️ é\n")
    assert file.content.decode() == "Host(`a\ufffdb`)\n\tnext ⚠️ é\n"


def test_each_file_of_text_is_made_so():
    """Others are JSON and pictures."""
    for path in (*ROOT.glob("bot/**/*.py"), *ROOT.glob("commands/**/*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            made = isinstance(call, ast.Call) and ast.unparse(call.func).endswith("Attachment")
            assert not made or ".encode(" not in ast.unparse(call), path
