"""Pages for a terminal and for a pipe: one line a row, whatever its cells hold."""

from hypothesis import given
from hypothesis import strategies as st

from bot.render import text as words
from bot.render.table import PIPE, Column, Screen, TableRow, TextPage, columns_of, cut

COLUMNS = (Column("VERDICT", 8), Column("NAME", 10), Column("MESSAGE"))


def page_of(*rows: tuple[str, ...], screen: Screen = PIPE) -> list[str]:
    page = TextPage(screen)
    page.table(COLUMNS, [TableRow(row, "bold red") for row in rows])
    return page.text().split("\n")[:-1]


HOSTILE = st.text(max_size=60) | st.sampled_from(
    ["a\nb", "\r\x1b[2J", "\u2028x", "\x85", "\u202eabc", "表" * 30, "e\u0301" * 40, "\x1b]0;t\x07"]
)
ROWS = st.lists(st.tuples(HOSTILE, HOSTILE, HOSTILE), max_size=5)


@given(ROWS)
def test_no_text_breaks_a_line_of_a_pipe(rows: list[tuple[str, ...]]):
    """As many lines as rows and titles, for every reader; no colours, no blanks."""
    lines = page_of(*rows)
    assert len(lines) == len(rows) + 1
    assert "\n".join(lines).splitlines() == lines
    assert all(line == line.rstrip() and "\x1b" not in line for line in lines)


@given(ROWS, st.integers(30, 200))
def test_no_row_is_wider_than_its_terminal(rows: list[tuple[str, ...]], width: int):
    """Wide characters count twice, and marks above others not at all."""
    lines = page_of(*rows, screen=Screen(width))
    assert len(lines) == len(rows) + 1
    assert all(columns_of(line) <= width for line in lines)


def test_a_pipe_gets_the_whole_message_and_a_terminal_its_beginning():
    """Also an address that is longer than any terminal is wide."""
    url = "https://example.org/" + "x" * 300
    assert page_of(("failed", "web", url))[1] == f"failed   web   {url}"
    shown = page_of(("failed", "web", url), screen=Screen(60))[1]
    assert len(shown) == 60
    assert shown.endswith("…")


def test_each_row_has_a_word_for_each_column():
    """So that `awk` finds a column by its number."""
    assert page_of(("failed", "", "why"))[1].split() == ["failed", "-", "why"]


def test_colours_are_for_a_terminal_that_wants_them():
    """And take no columns."""
    page = page_of(("failed", "web", "why"), screen=Screen(60, colours=True))
    assert page[1] == "\x1b[1;31mfailed\x1b[0m   web   why"


@given(HOSTILE, st.integers(0, 40))
def test_a_cut_text_fits(text: str, width: int):
    assert columns_of(cut(text, width)) <= max(width, 0)


def test_a_cut_answer_says_how_much_more_there_is_and_where():
    """In every command by the same words."""
    assert words.rest_in_json(1200) == "and 1,200 more: -o json has all of them"
    assert words.rest_in_json(2, "servers") == "and 2 more servers: -o json has all of them"
    assert (words.rest_in_json(0), words.rest_in_json(-3)) == ("", "")
