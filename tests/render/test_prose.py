"""What stands on Discord is what was meant: nothing of the cluster is live, all is copied."""

import ast
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import sentences
from bot.render import cards, prose, terminal
from bot.render import text as words
from tests.examples import examples
from tests.render.discord_markdown import read
from tests.render.strategies import HOSTILE

ROOT = Path(__file__).parents[2]

COPIED = (
    "10.43.12.20:8096",
    "http://127.0.0.1",
    "Host(`forgejo.lab.example.org`) && PathPrefix(`/`)",
    "`start`",
    "``two``",
    "three ``` of them",
    "one ` and two ``",
    "\\",
    "iptables-save -t nat | grep -E 'PREROUTING.*dport 80'",
    "fe80::1%eth0",
    "a_b_c*d*e~~f~~||g||",
)
"""What people take from a card into a terminal or a file."""


@pytest.mark.parametrize(
    ("source", "text", "live"),
    [
        ("`foo`", "foo", []),
        ("``Host(`a`)``", "Host(`a`)", []),
        ("``  `a  ``", " `a  ", []),
        ("`\\`", "\\", []),
        ("```sh\nfoo \n```", "foo ", []),
        ("```` `", "``` `"[:3], []),
        (r"\<@1> \@everyone \# a", "<@1> @everyone # a", []),
        (r"https\://a.example", "https://a.example", []),
        ("https://a.example", "https://a.example", ["link"]),
        ("[a](https://x)", "[a](https://x)", ["link"]),
        ("## Title", "Title", ["heading"]),
        ("-# small", "small", ["subtext"]),
        ("> quoted", "quoted", ["quote"]),
        ("12. entry", "entry", ["list"]),
        ("**a `b** c`", "a `b c`", ["style"]),
        ("<t:0:R> <#1> :x:", "<t:0:R> <#1> :x:", ["stamp", "mention", "emoji"]),
    ],
)
def test_the_model_reads_as_discord_does(source: str, text: str, live: list[str]) -> None:
    """What the other tests rest upon, by messages whose look is known."""
    message = read(source)
    assert (message.text, message.live) == (text, live)


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
    raw, shown = read(text), read(cards.escape(text))
    assert raw.live or raw.code
    assert (shown.live, shown.code, shown.text) == ([], [], text)


SIGNS = "*_~|`>#-+.\\[]()<>@:/ \n1at"
PIECES = ("https://x/", "**", "||", "](", "<@1>", "```", "> ", "# ", "@everyone", "<t:1:R>", "``")
hostile = st.lists(
    st.sampled_from((*PIECES, *HOSTILE)) | st.text(SIGNS, max_size=4) | st.text(max_size=8),
    max_size=12,
).map("".join)


@settings(max_examples=examples(200))
@given(hostile)
def test_no_prose_is_live_and_all_of_it_is_copied(text: str) -> None:
    shown = read(cards.escape(text))
    assert (shown.live, shown.code, shown.text) == ([], [], text)


@settings(max_examples=examples(200))
@given(hostile, hostile)
def test_code_shows_one_line_as_it_is(one: str, other: str) -> None:
    """Next to other code, in a heading or after a label, since nothing of it ends the code."""
    lines = words.line(one, 200) or "–", words.line(other, 200) or "–"
    shown = read(f"**Where** {cards.code(one, 200)}, {cards.code(other, 200)}")
    assert shown.text == f"Where {lines[0]}, {lines[1]}"
    assert shown.live == ["style"]
    assert read(f"## {cards.code(one, 200)}").live == ["heading"]


@pytest.mark.parametrize("value", COPIED)
def test_what_is_copied_is_what_was_meant(value: str) -> None:
    """As code, as a value in our own sentence, as prose, and without marks on a terminal."""
    sentence = f"Run {sentences.code(value)}, then look again."
    for shown in (cards.code(value, 200), cards.escape(value)):
        assert read(shown).text == value
    assert read(cards.prose(sentence)).text == f"Run {value}, then look again."
    assert prose.plain(sentence) == f"Run {value}, then look again."


def test_values_of_a_sentence_are_code_and_its_words_are_not() -> None:
    shown = read(cards.prose("On edge: `ip -d link show flannel.1` (add `-i <interface>`)."))
    assert shown.code == ["ip -d link show flannel.1", "-i <interface>"]
    assert shown.text == "On edge: ip -d link show flannel.1 (add -i <interface>)."


def test_backticks_within_a_word_are_no_marks() -> None:
    """A rule that stands unmarked in an error keeps them."""
    shown = read(cards.prose("invalid rule Host(`a`) && Path(`/b`)"))
    assert (shown.code, shown.text) == ([], "invalid rule Host(`a`) && Path(`/b`)")


@settings(max_examples=examples(100))
@given(hostile)
def test_any_value_comes_out_of_a_sentence_as_it_went_in(text: str) -> None:
    value = words.line(text, 200)
    marked = sentences.code(value)
    parts = tuple(prose.spans(f"({marked})"))
    if marked != value:
        assert parts == (
            prose.TextSpan("("),
            prose.TextSpan(value, is_code=True),
            prose.TextSpan(")"),
        )


@settings(max_examples=examples(100))
@given(hostile)
def test_nothing_in_our_own_sentences_is_live_but_their_times(text: str) -> None:
    assert not read(cards.prose(text)).live
    line = words.line(text, 300)
    # A code span ends without a space, which nobody sees.
    shown, plain = read(cards.prose(line)).text, prose.plain(line)
    assert "".join(shown.split()) == "".join(plain.split())


def test_a_time_in_a_sentence_is_a_stamp() -> None:
    at = datetime(2026, 11, 29, 2, 37, tzinfo=UTC)
    said = f"Until {sentences.moment(at)}, not `{sentences.moment(at)}`, 2026-02-30 02:37 UTC."
    assert cards.prose(said) == (
        f"Until <t:{int(at.timestamp())}:f>, not `2026-11-29 02:37 UTC`, 2026-02-30 02:37 UTC."
    )


@settings(max_examples=examples(200))
@given(st.lists(hostile, max_size=6))
def test_no_line_ends_its_block(lines: list[str]) -> None:
    """A run of three backticks is seen to be broken; every other line is copied as it was."""
    shown = read(f"Last lines\n{cards.fence(lines, 2000)}\nend")
    copied = "\n".join(cards.unfenced(words.line(line, 300)) for line in lines).strip("\n")
    assert shown.text == f"Last lines\n{copied or '–'}\nend"
    assert not shown.live
    assert "```" not in copied


def test_only_a_run_of_three_backticks_is_changed_in_a_block() -> None:
    assert cards.unfenced("a ` b `` c") == "a ` b `` c"
    assert cards.unfenced("a ``` b ````` c") == "a `` ` b `` `` ` c"


def test_nothing_is_hidden_in_a_card() -> None:
    """No helper of cards writes a character that a reader would copy without seeing it."""
    unseen = re.compile(
        r"[\u200b-\u200f\u2060\ufeff\u02cb]|\\u(?:200[b-f]|2060|feff|02cb)", re.IGNORECASE
    )
    for path in (*ROOT.glob("bot/**/*.py"), *ROOT.glob("commands/**/*.py")):
        assert not unseen.search(path.read_text()), path


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


def test_a_lone_backtick_of_the_cluster_leaves_our_command_alone() -> None:
    said = "It says: a ` b. Run `kubectl get pods`."
    assert [span.text for span in prose.spans(said) if span.is_code] == ["kubectl get pods"]


def test_backticks_without_an_end_cost_little() -> None:
    began = time.process_time()
    terminal.sentence(" `a" * 10_000)
    assert time.process_time() - began < 1
