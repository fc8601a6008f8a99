"""Whatever a click carries, it is told to the person, and is never a failure of the bot."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import discord
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from simcord.actors import _component_interaction

from tests.builders import a_pod
from tests.commands.conftest import Room, message, of_type, said
from tests.examples import examples

BUTTON, SELECT = discord.ComponentType.button, discord.ComponentType.select
ASCII = st.characters(codec="ascii", exclude_categories=["Cc"])
TEXT = st.text(ASCII, max_size=40) | st.sampled_from(
    ["", "x" * 5000, "`@everyone` <@1> [a](https://evil.example)", "\u202e\x00", "../..", "0"]
)


def clicks(room: Room) -> Iterator[dict[str, Any]]:
    """Ids that a control takes, or none does, of a button or a select, with any values or none."""
    drawn: list[dict[str, Any]] = []
    taken = [
        st.from_regex(pattern, fullmatch=True, alphabet=ASCII) for pattern in room.client.custom_ids
    ]

    @settings(max_examples=examples(60), phases=[Phase.generate], database=None, deadline=None)
    @given(
        st.one_of(*taken, st.text(ASCII, min_size=1, max_size=120)),
        st.sampled_from([BUTTON.value, SELECT.value]),
        st.none() | st.lists(TEXT, max_size=26),
    )
    def draw(custom_id: str, kind: int, values: list[str] | None) -> None:
        sent = {"custom_id": custom_id, "component_type": kind}
        drawn.append(sent if values is None else {**sent, "values": values})

    draw()
    yield from drawn


async def test_no_click_is_a_failure_whatever_it_carries(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """By any person: an answer each time, without markup of its own, and no trace in the log."""
    room.cluster.set([a_pod("web", waiting="ErrImagePull")])
    shown = message(await room.viewer.slash(room.channel, "health all"))
    stored = room.env.backend.get_message(room.channel.id, shown.id)
    (menu,), (button, *_) = (of_type(stored.components, kind) for kind in (SELECT, BUTTON))
    people = (room.viewer, room.operator, room.approver, room.stranger)
    for number, sent in enumerate(clicks(room)):
        (menu if sent["component_type"] == SELECT.value else button)["custom_id"] = sent[
            "custom_id"
        ]
        answer = await _component_interaction(people[number % len(people)], stored, sent)
        assert said(answer), sent
        assert "evil.example" not in said(answer)
    bad = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert not bad
    assert "Traceback" not in caplog.text
