"""The decision table as a page: `docs/diagnosis.md`, which a test holds against the rules."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from bot.domain.grouping import grouped
from bot.net.diagnosis.diagnosis import Row
from bot.net.diagnosis.overlay_kind import OverlayFacts, OverlayKind
from bot.net.diagnosis.rule import DecisionRule
from bot.net.diagnosis.rules import RULES
from bot.net.views import text

HEAD = """\
# What a diagnosis can say

`/net diagnose` answers with one of these rows, or with none. Each row says what the tests must show, what it could be confused with, what to do, and what nativeLB does there if no measurement of this very route says otherwise. The bot only says that nativeLB helps if the VIP to one endpoint worked, twice, from the same place from which that endpoint's own address failed, twice. nativeLB works around the cause. The cause itself stays.

This page is generated from the rules (`bot/net/diagnosis/rules/`, one file a row): `python -m bot.net.views.decision_table_page > docs/diagnosis.md`.
"""  # noqa: E501  # a paragraph of the page is a line

INCONCLUSIVE = """\
## inconclusive

The results fit no row, or two rows that can't both be true, or changed during the test, or too little could be tested. The answer says what fits and what doesn't, and names the next test. nativeLB: unclear. You can try it as a labelled trial that is rolled back.
"""  # noqa: E501  # the same


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(_row(rule) for rule in RULES), INCONCLUSIVE])


def rows() -> Iterator[Row]:
    """Every row on the page."""
    yield from (rule.row for rule in RULES)
    yield Row.INCONCLUSIVE


def _row(rule: DecisionRule) -> str:
    # The docstring of `find` has a section for each of the two.
    _, _, sections = (inspect.getdoc(rule.find) or "").partition("Seen: ")
    seen, _, apart = (" ".join(part.split()) for part in sections.partition("Unlike: "))
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(_steps(rule), 1))
    return (
        f"## {rule.row.value}\n\n"
        f"*{text.general(rule.row)}.*\n\n"
        f"**Tests show:** {seen}\n\n"
        f"**Not to be confused with:** {apart}\n\n"
        f"**{text.NATIVE[rule.effect]}.** {rule.effect_because}\n\n"
        f"**To do:**\n\n{steps}\n"
    )


def _steps(rule: DecisionRule) -> Iterator[str]:
    """What to do; where that depends on the overlay, each step with the overlays that it is for."""
    if not callable(rule.advice):
        yield from rule.advice
        return
    overlays = [OverlayFacts(kind, tailnet=True) for kind in OverlayKind]
    overlays.append(OverlayFacts(OverlayKind.VXLAN))
    by_step = grouped(
        (step, _name(overlay)) for overlay in overlays for step in rule.steps(overlay)
    )
    for step, names in by_step.items():
        yield step if len(names) == len(overlays) else f"*({', '.join(names)})* {step}"


def _name(overlay: OverlayFacts) -> str:
    if overlay.kind is OverlayKind.VXLAN:
        return "vxlan over Tailscale" if overlay.tailnet else "vxlan"
    return overlay.kind.value


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201  # the page is what it is for
