"""The terminal and JSON show the same report, whatever is in it."""

import io
import json as stdlib_json

import pytest
from hypothesis import given
from rich.cells import cell_len
from rich.console import Console

from bot.domain.report import Report
from bot.domain.story import Story
from bot.health.views import json, terminal
from bot.render.terminal import show
from tests.json_schema import validate
from tests.render.strategies import reports, stories


def shown(renderable) -> str:
    out = io.StringIO()
    show(Console(file=out, width=80, color_system=None), renderable)
    return out.getvalue()


@given(reports)
def test_a_report_fits_80_columns_and_carries_no_control_characters(report: Report):
    """No line is wider, nothing moves the cursor or the reading direction."""
    text = shown(terminal.report(report))
    assert all(cell_len(line) <= 80 for line in text.splitlines())
    assert not set(text) & set("\x00\x1b\u202e\r")
    assert text.startswith(report.verdict.upper())


@pytest.mark.slow
@given(stories)
def test_a_story_of_anything_can_be_shown(story: Story):
    """Any evidence, events and log lines."""
    assert not set(shown(terminal.story(story))) & set("\x00\x1b\u202e\r")


@given(reports)
def test_json_holds_every_finding_and_keeps_its_schema(report: Report):
    """The published schema describes what is printed, and nothing is left out."""
    printed = stdlib_json.loads(json.report(report))
    validate(printed, json.schema())
    assert len(printed["findings"]) == len(report.findings)
    assert printed["verdict"] == report.verdict
