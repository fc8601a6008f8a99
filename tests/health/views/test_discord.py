"""Cards are total: whatever the cluster says, the message is valid and means nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.health.views.discord import choices, suggestion
from bot.render import cards as render
from bot.render import text as words
from tests.render.discord_markdown import read
from tests.render.strategies import findings, hostile
from tests.wire.messages import contents, walk

OWN = {"heading", "subtext", "list", "style", "stamp"}
"""The markup that we write ourselves."""
UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\u200b\u202e]")


def texts(card: render.Card) -> list[str]:
    """Every text of a card, in order."""
    return contents(card.view.to_components())


def assert_harmless(card: render.Card) -> None:
    """Valid by Discord's limits; nothing of what the cluster said is live, or hidden."""
    parts = texts(card)
    assert sum(map(len, parts)) <= 4000
    assert len([*walk(card.view.to_components())]) <= 40
    assert all(parts)
    for part in parts:
        assert set(read(part).live) <= OWN, part
        assert not UNSEEN.search(part), part


@given(st.lists(hostile, max_size=80))
def test_a_fence_is_never_broken_from_inside(lines: list[str]):
    """Only the first and the last line of a block are its borders."""
    block = render.fence(lines, 1400)
    assert block.count("```") == 2
    assert len(block) <= 1400 + 8


def test_a_long_error_keeps_its_end():
    """What began a chain of errors stands last in it."""
    said = "failed to checkout: unable to clone: " + "x" * 300 + ": ssh: handshake failed"
    shown = words.brief(said, 100)
    assert shown.startswith("failed to checkout: unable to clone")
    assert shown.endswith(": ssh: handshake failed")
    assert len(shown) <= 100


@given(hostile, st.integers(20, 400))
def test_a_brief_text_fits_and_a_short_one_is_whole(said: str, most: int):
    """Never longer than asked for, and nothing is left out that had room."""
    assert len(words.brief(said, most)) <= most
    if len(words.line(said, 4000)) <= most:
        assert words.brief(said, most) == words.line(said, 4000)


@given(st.lists(findings, max_size=60))
def test_choices_are_valid_options(found):
    """At most 25, labels within the limit, no value twice."""
    options = choices(found)
    assert len(options) <= 25
    assert len({each.value for each in options}) == len(options)
    assert all(
        0 < len(each.label) <= 100 and len(each.description or "") <= 100 for each in options
    )


@given(findings)
def test_a_suggestion_fits_and_stands_for_its_code(finding):
    """Autocomplete allows a hundred characters."""
    shown, value = suggestion(finding)
    assert 0 < len(shown) <= 100
    assert value == finding.code


@given(hostile)
def test_an_error_of_ours_that_quotes_the_cluster_is_harmless(text: str):
    """Prose is taken apart where it has a meaning."""
    (part,) = texts(render.note(text)) or ["–"]
    assert not read(part).live


@pytest.mark.parametrize(
    ("said", "secret"),
    [("password=hunter2222", "hunter2222"), ("Bearer abcdefghijklmnop", "abcdefghijklmnop")],
)
def test_a_secret_in_a_message_does_not_reach_the_card(said: str, secret: str):
    """What looks like a secret is hidden wherever the cluster says it."""
    assert secret not in render.code(f"failed with {said}", 200)


def test_a_secret_that_is_cut_or_interspersed_is_not_shown():
    """Half a secret has no shape, and neither has one with invisible characters in it."""
    token = "ghp_" + "NotARealToken" * 3
    for before in range(4000, 5000, 50):
        shown = words.line("password=" + "x" * before + " " + token * 9, 40)
        assert "NotAReal" not in shown
    assert "ghp_" not in words.line("said " + "\u200b".join(token), 100)
