"""How right the diagnosis was: a line a scenario, the confusion table, the totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from bot.net.diagnosis.diagnosis import Row
from tests.lab.running import Result
from tests.lab.scenarios import SCENARIOS

WANTED = 25 / 30
"""How many scenarios must be decided, and rightly."""

WIDTH = 98
HEAD = f"{'':8}{'scenario':50}{'verdict':18}{'nativeLB':10}{'fails':>7} s"


class Scored(msgspec.Struct, frozen=True):
    """A result, as one process tells it to another. Rates are those of failed requests."""

    number: int
    row: Row
    effect: str
    decisive: bool
    wrong: bool
    open_as_named: bool
    in_vain: bool
    effect_wrong: bool
    unsaid: bool
    before: float
    native: float | None
    advised: float | None
    seconds: float
    because: str


def scored(number: int, result: Result) -> Scored:
    """What is told of a result."""
    return Scored(
        number=number,
        row=result.diagnosis.row,
        effect=result.diagnosis.effect.value,
        decisive=result.decisive,
        wrong=result.wrong,
        open_as_named=result.open_as_named,
        in_vain=result.prescribed_in_vain,
        effect_wrong=result.effect_wrong,
        unsaid=result.unsaid,
        before=result.measured.before,
        native=result.measured.native,
        advised=result.measured.advised,
        seconds=result.seconds,
        because=result.diagnosis.because,
    )


def lines(each: Scored) -> Iterator[str]:
    """One line, and the reason below it where something is not as it should be."""
    name = SCENARIOS[each.number].name
    rates = "/".join("-" if rate is None else f"{rate:.0%}" for rate in (each.before, each.native))
    yield (
        f"{_word(each):8}{name[:49]:50}{each.row.value:18}{_short(each.effect):10}"
        f"{rates:>9} {each.seconds:.0f}"
    )
    if each.advised is not None:
        yield f"{'':8}  the advice was carried out: {each.advised:.0%} of the requests fail then"
    if each.wrong or each.in_vain or each.effect_wrong or _word(each) == "OPEN":
        right = " or ".join(row.value for row in SCENARIOS[each.number].right)
        yield f"{'':8}  right is {right}; said: {each.because}"[:400]


def confusion(done: Sequence[Scored]) -> Iterator[str]:
    """What was broken against what was said; a column for each row that was said."""
    pairs = Counter((SCENARIOS[each.number].right[0], each.row) for each in done)
    for right in dict.fromkeys(right for right, _ in pairs):
        said = ", ".join(
            f"{row.value} {count}"
            for (wanted, row), count in sorted(pairs.items())
            if wanted is right
        )
        yield f"{right.value:18} -> {said}"


def totals(done: Sequence[Scored], failed: int) -> str:
    """The last line."""
    counts = Counter(_word(each) for each in done)
    mended = [each for each in done if each.advised is not None]
    helped = sum(each.advised == 0 for each in mended)
    return (
        f"{len(done)} scenarios: {counts['ok']} decisive and right, "
        f"{counts['open']} inconclusive as named, {counts['OPEN']} inconclusive, "
        f"{counts['WRONG']} wrong; "
        f"nativeLB prescribed in vain {sum(each.in_vain for each in done)}, "
        f"misjudged {sum(each.effect_wrong for each in done)}, "
        f"helpful and not said {sum(each.unsaid for each in done)}; "
        f"advice that helped {helped} of {len(mended)}; {failed} failed"
    )


def passes(done: Sequence[Scored]) -> bool:
    """Nothing wrong or prescribed in vain, all advice helped, and enough was decided rightly."""
    decided = sum(each.decisive for each in done)
    fair = not any(each.wrong or each.in_vain or each.effect_wrong for each in done)
    helped = all(not each.advised for each in done)
    return fair and helped and decided >= WANTED * len(done)


def _word(each: Scored) -> str:
    if each.decisive:
        return "ok"
    if each.wrong:
        return "WRONG"
    return "open" if each.open_as_named else "OPEN"


def _short(effect: str) -> str:
    return "lowers" if effect.startswith("lowers") else effect
