"""Objects that lead to each other are judged with what is behind them, and with nothing else."""

from collections import Counter
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.finding import Ref
from bot.domain.verdict import Verdict
from bot.routing.chains import Chains
from bot.routing.references import Defect

CIRCLE = Defect("Loop", "It leads back to itself.")
BAD = Defect("Bad", "It is bad.")
SLIGHT = Defect("Slight", "It is nearly good.", Verdict.DEGRADED)

Named = Mapping[int, tuple[int, ...]]


def ref(number: int) -> Ref:
    return Ref("Middleware", "apps", str(number))


def chains(named: Named, own: Mapping[int, Defect], asked: Counter[Ref] | None = None) -> Chains:
    """The objects of these numbers, and what is wrong with each by itself."""
    asked = Counter() if asked is None else asked

    def own_of(one: Ref) -> tuple[Defect, ...]:
        asked[one] += 1
        return (own[int(one.name)],) if int(one.name) in own else ()

    def named_by(one: Ref) -> tuple[Ref, ...] | None:
        return tuple(map(ref, named[int(one.name)])) if int(one.name) in named else None

    failed = lambda its: any(defect.verdict is Verdict.FAILED for defect in its)  # noqa: E731
    return Chains(named_by, own_of, CIRCLE, (failed, bool))


def expected(named: Named, own: Mapping[int, Defect], start: int) -> str:
    """By walking every way from one object: the reason of what is wrong with it."""
    if start not in named:
        return ""
    behind, waiting = set[int](), [start]
    for one in waiting:
        for other in named.get(one, ()):
            if other in named and other not in behind:
                behind.add(other)
                waiting.append(other)
    if any(_is_on_a_circle(named, one) for one in {start, *behind}):
        return CIRCLE.reason
    if own.get(start) == BAD:
        return BAD.reason
    reasons = {own[one].reason for one in {start, *behind} if one in own}
    return next((one.reason for one in (BAD, SLIGHT) if one.reason in reasons), "")


def _is_on_a_circle(named: Named, start: int) -> bool:
    known, waiting = set[int](), list(named.get(start, ()))
    for one in waiting:
        if one == start:
            return True
        if one not in known:
            known.add(one)
            waiting += named.get(one, ())
    return False


NUMBERS = st.integers(0, 7)


@given(
    st.dictionaries(NUMBERS, st.lists(NUMBERS, max_size=3).map(tuple), max_size=8),
    st.dictionaries(NUMBERS, st.sampled_from([BAD, SLIGHT]), max_size=3),
    st.permutations(range(8)),
)
@settings(max_examples=60)
def test_in_whatever_order_they_are_asked_for_the_answers_are_those_of_the_whole(
    named: Named, own: Mapping[int, Defect], order: list[int]
) -> None:
    asked = Counter[Ref]()
    judged = chains(named, own, asked)
    for number in order:
        reasons = [defect.reason for defect in judged.defects(ref(number))]
        assert "".join(reasons) == expected(named, own, number)
    assert not asked or max(asked.values()) == 1, "each is judged once"


def test_judging_one_object_judges_only_what_it_leads_to() -> None:
    """Thousands of them may be another tenant's, and heavy."""
    asked = Counter[Ref]()
    named = {number: (number + 1,) for number in range(10, 1000)} | {0: (1,), 1: ()}
    assert not chains(named, {999: BAD}, asked).defects(ref(0))
    assert asked.keys() == {ref(0), ref(1)}


def test_a_long_chain_does_not_exhaust_the_call_stack() -> None:
    named = {number: (number + 1,) for number in range(5000)} | {5000: ()}
    (defect,) = chains(named, {5000: BAD}).defects(ref(0))
    assert defect.reason == BAD.reason
