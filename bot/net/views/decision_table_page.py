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

`/net diagnose` gives one of these rows, or none. Each says what must be seen for it, what it is told apart from, what to do, and what nativeLB does there as long as no measurement of this very route says otherwise. nativeLB is said to help only where the VIP that leads to one endpoint alone was seen to work from the place from which that endpoint's own address failed, both times: it goes round a fault and does not mend it.

This page is written from the rules (`bot/net/diagnosis/rules/`, one file a row): `python -m bot.net.views.decision_table_page > docs/diagnosis.md`.
"""  # noqa: E501  # a paragraph of the page is a line

INCONCLUSIVE = """\
## inconclusive

What was seen fits no row, or speaks for two that exclude each other, or changed while it was tested, or too little could be tested. The answer says what fits and what does not, and names the next test. nativeLB: not known; it may be tried as a labelled trial with a way back, never as the cure.
"""  # noqa: E501  # the same


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(_row(rule) for rule in RULES), INCONCLUSIVE])


def rows() -> Iterator[Row]:
    """Every row that the page tells of."""
    yield from (rule.row for rule in RULES)
    yield Row.INCONCLUSIVE


def _row(rule: DecisionRule) -> str:
    # The docstring of `find` has a section for each of the two.
    _, _, sections = (inspect.getdoc(rule.find) or "").partition("Seen: ")
    seen, _, apart = (" ".join(part.split()) for part in sections.partition("Told apart: "))
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(_steps(rule), 1))
    return (
        f"## {rule.row.value}\n\n"
        f"*{text.TITLE[rule.row]}.*\n\n"
        f"**Seen:** {seen}\n\n"
        f"**Told apart:** {apart}\n\n"
        f"**{text.NATIVE[rule.effect]}:** {rule.effect_because}\n\n"
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
