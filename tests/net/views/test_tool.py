"""What a tool said is shown whatever it is."""

from hypothesis import given
from hypothesis import strategies as st

from bot.net.tools.command import ToolRun
from bot.net.views import discord as net_cards
from tests.health.views.test_discord import texts
from tests.render.discord_markdown import read
from tests.render.strategies import hostile

rans = st.builds(
    ToolRun,
    node=hostile,
    argv=st.lists(hostile, max_size=6).map(tuple),
    output=st.lists(hostile, max_size=120).map("\n".join) | st.text(max_size=5000),
    exit_code=st.none() | st.integers(0, 255),
    cut=st.booleans(),
    late=st.booleans(),
)


@given(rans)
def test_a_card_keeps_within_the_limits_and_mentions_nobody(each: ToolRun) -> None:
    made = net_cards.tool(each)
    parts = texts(made)
    assert sum(map(len, parts)) <= 4000
    whole = "\n".join(text for text in parts if not text.startswith("```"))
    assert not {"mention", "link"} & set(read(whole).live)


@given(rans)
def test_what_is_not_shown_is_in_a_file(each: ToolRun) -> None:
    made = net_cards.tool(each)
    lines = [line for line in each.output.splitlines() if line.strip()]
    if len(lines) > net_cards.OUTPUT_LINES or any(
        len(line) > net_cards.OUTPUT_LINE for line in lines
    ):
        assert [file.name for file in made.files] == ["output.txt"]
    for file in made.files:
        assert b"\x1b" not in file.content


def test_how_it_ended_is_said() -> None:
    def ended(**how: object) -> str:
        made = ToolRun(node="edge", argv=("dig", "x"), output="y", **how)  # type: ignore[arg-type]
        return net_cards.tool_ended(made)

    assert ended(exit_code=9) == "exit code 9"
    assert "too much" in ended(cut=True)
    assert "too long" in ended(late=True)
    assert "unknown" in ended()


def test_a_token_in_the_output_is_not_shown() -> None:
    output = "Authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789\n" * 100
    made = net_cards.tool(ToolRun(node="edge", argv=("curl",), output=output, exit_code=0))
    shown = "\n".join(texts(made)) + made.files[0].content.decode()
    assert "abcdefghijklmnop" not in shown
