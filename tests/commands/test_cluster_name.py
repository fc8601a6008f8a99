"""Where several clusters report to one server, each headline says which one it is about."""

import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.channel import Channels
from bot.chat.cluster_name import named
from bot.domain.verdict import Verdict
from bot.render import cards
from bot.render import text as words
from tests.commands.conftest import Room, said, text_of
from tests.health.views.test_discord import texts
from tests.render.discord_markdown import read


@pytest.mark.parametrize(
    ("text", "headline"),
    [
        ("## ❌ Jellyfin is crash-looping\nfor 5 min", "## homelab · ❌ Jellyfin is crash-looping"),
        ("✅ **Recovered** after 1 h", "homelab · ✅ **Recovered** after 1 h"),
        ("<@&300>\n## ❌ 4 problems", "## homelab · ❌ 4 problems"),
    ],
)
def test_the_name_stands_before_the_headline(text: str, headline: str) -> None:
    """Also beneath the mention of a role; nothing else of the message changes."""
    (named_text,) = texts(named(cards.card(None, [text], ()), "homelab"))
    assert headline in named_text.split("\n")
    assert named_text.replace("homelab · ", "") == text


@pytest.mark.parametrize("text", ["-# <t:1:R> failed", "Nothing is muted.", "", "<@&300>"])
def test_a_line_of_a_timeline_and_a_note_have_no_headline(text: str) -> None:
    card = cards.Card(ui.LayoutView(timeout=None).add_item(ui.TextDisplay(text)))
    assert texts(named(card, "homelab")) == [text]


def test_only_the_first_part_of_a_message_is_its_headline() -> None:
    parts = ["## ✅ Nothing wrong found", "## Sites"]
    assert texts(named(cards.card(Verdict.HEALTHY, parts, ()), "attic"))[1] == "## Sites"


def test_a_card_that_is_sent_again_has_the_name_once() -> None:
    """Discord loses answers, and each attempt sends the same card."""
    card = named(named(cards.card(None, ["## ✅ Healthy"], ()), "attic"), "attic")
    assert texts(card) == ["## attic · ✅ Healthy"]


def test_without_a_name_no_headline_changes() -> None:
    assert texts(named(cards.card(None, ["## ✅ Healthy"], ()), "")) == ["## ✅ Healthy"]


@given(st.text(max_size=32))
def test_a_name_is_never_markup(name: str) -> None:
    """The settings refuse such names, and the card doesn't depend on that."""
    (text,) = texts(named(cards.card(None, [f"{words.MARK[Verdict.FAILED]} it"], ()), name))
    assert text.endswith("it")
    assert not read(text).live


async def test_an_answer_and_a_post_name_the_cluster(room: Room) -> None:
    """Whatever command or delivery made the card: the name is added where it is sent."""
    room.client.cluster_name = "attic"
    answer = await room.viewer.slash(room.channel, "health all")
    assert said(answer).startswith("## attic · ")
    channels = Channels(room.client)
    made = cards.card(None, ["✅ **Recovered**"], ())
    posted = await channels.request(channels.send(room.channel.id, made))
    assert text_of(posted).startswith("attic · ✅")
