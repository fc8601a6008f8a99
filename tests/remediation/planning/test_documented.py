"""docs/fix.md lists every way and every refusal as the code has it."""

import re

from bot.remediation.planning.offers import METHODS
from bot.remediation.planning.refusals import PlanReason
from tests.places import ROOT

TEXT = (ROOT / "docs/fix.md").read_text()


def test_every_refusal_is_documented_with_what_to_do_instead() -> None:
    """A closed list: no more, no less."""
    part = TEXT.partition("## Refusals")[2].partition("## States")[0]
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", part, re.MULTILINE))
    assert rows == {str(reason): reason.instead for reason in PlanReason}
    assert all(reason.instead.endswith(".") for reason in PlanReason)


def test_every_way_is_documented() -> None:
    part = TEXT.partition("## Ways")[2].partition("##")[0]
    assert re.findall(r"^\| `([a-z-]+)`", part, re.MULTILINE) == [str(each) for each in METHODS]
