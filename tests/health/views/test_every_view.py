"""Discord, the terminal and JSON show the same report and story, whatever is in it.

To make one up takes many times as long as to show it, so every view is given the same.
"""

import io
import json as stdlib_json

import pytest
from hypothesis import given
from rich.cells import cell_len
from rich.console import Console

from bot.domain.report import Report
from bot.domain.story import Story
from bot.health.views import discord, json, terminal
from bot.render.terminal import show
from tests.health.views.test_discord import assert_harmless
from tests.json_schema import validate
from tests.render.strategies import reports, stories

MOVING = set("\x00\x1b\u202e\r")
"""What moves the cursor or the reading direction."""


def shown(renderable) -> str:
    out = io.StringIO()
    show(Console(file=out, width=80, color_system=None), renderable)
    return out.getvalue()


def assert_whole(report: Report) -> None:
    """The published schema describes what is printed, and nothing is left out."""
    printed = stdlib_json.loads(json.report(report))
    validate(printed, json.schema())
    assert len(printed["findings"]) == len(report.findings)
    assert printed["verdict"] == report.verdict


@given(reports)
def test_a_report_of_anything_is_a_harmless_message_a_narrow_text_and_whole_json(report: Report):
    """Names, reasons, messages and gaps of any text; no line of the terminal is too wide."""
    assert_harmless(discord.report(report))
    text = shown(terminal.report(report))
    assert all(cell_len(line) <= 80 for line in text.splitlines())
    assert not set(text) & MOVING
    assert text.startswith(report.verdict.upper())
    assert_whole(report)


@pytest.mark.slow
@given(stories)
def test_a_story_of_anything_is_a_harmless_message_and_can_be_shown(story: Story):
    """Evidence, events and log lines of any text."""
    assert_harmless(discord.story(story))
    assert not set(shown(terminal.story(story))) & MOVING
