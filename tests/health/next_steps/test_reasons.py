"""Every reason that the checks write has a next step and a phrase, or is on a list here."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain.check import Check
from bot.domain.situation import common
from bot.domain.situation.situation import FAMILIES
from bot.health.checks import ALL_CHECKS, pods
from bot.health.next_steps import any_kind, steps
from bot.net.diagnosis.diagnosis import Row

ROOT = Path(__file__).parents[3]

WRITTEN_IN = (
    "bot/health",
    "bot/routing",
    "bot/net/mesh/health.py",
    "bot/net/diagnosis/recent.py",
    "bot/domain/conditions.py",
)

POSITIONS = {
    "Judgement": 1,
    "Defect": 0,
    "progressing": 0,
    "progressing_by": 1,
    "_under_way": 0,
    "HoldingContainer": 2,
}
"""Where the reason stands among the arguments of what makes a judgement."""

TABLED = ("Less", "Extra")
"""How the reasons of a workload's counts begin, which stand in tuples."""

GENERAL = {
    "JobInProgress",  # healthy
    "NoStatusNeeded",  # healthy
    "SecretNotSeen",  # healthy
    "NoCheck",  # of `judge`: an object of no known kind
    "NoKind",
    "NotAnObject",
}
"""Reasons of which nothing, or only the general advice, follows."""


def literals() -> Iterator[str]:
    """Every reason that stands in the code as a word."""
    for place in WRITTEN_IN:
        path = ROOT / place
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                yield from _reasons(node)


def _reasons(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Tuple):
        yield from (word for word in map(_word, node.elts) if word.startswith(TABLED))
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    yield from (_word(keyword.value) for keyword in node.keywords if keyword.arg == "reason")
    position = POSITIONS.get(name)
    if position is not None and len(node.args) > position:
        yield _word(node.args[position])


def _word(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_every_reason_in_the_code_has_a_step() -> None:
    """A new one needs a row in `bot/health/next_steps`, or a place on the list above."""
    tabled = {reason for table in (*steps.TABLES.values(), any_kind.TABLE) for reason in table}
    found = set(filter(None, literals()))
    assert len(found) > 60
    assert found - tabled - GENERAL == set()


def test_every_reason_for_which_a_pod_is_stuck_has_a_step() -> None:
    """They are the kubelet's."""
    assert set(steps.TABLES["pods"]) >= pods.STUCK


def test_every_row_of_the_diagnosis_has_a_step() -> None:
    """A route that a test saw failing has the row as its reason."""
    rows = {row.reason for row in Row} - {"Healthy", "Inconclusive"}
    assert rows <= set(steps.TABLES["routes-ingressroute"])


def _phrased(kind: str) -> set[str]:
    """The reasons for which a kind has a phrase."""
    phrases = (*FAMILIES.get(kind, ()), *common.PHRASES)
    return {reason for phrase in phrases for reason in phrase.reasons}


def test_every_reason_in_the_code_has_a_phrase() -> None:
    """Else people read its CamelCase word: `bot/domain/situation` needs a row for a new one."""
    assert set(filter(None, literals())) - set().union(*map(_phrased, FAMILIES)) == set()


@pytest.mark.parametrize("check", [check for check in ALL_CHECKS if check.judges])
def test_every_reason_with_a_step_has_a_phrase(check: Check) -> None:
    """Those of other controllers, too, as far as they are known."""
    phrased = set[str]().union(*(_phrased(kind.kind_name()) for kind in check.judges))
    assert set(steps.TABLES.get(check.name, ())) - phrased == set()


def test_every_row_of_the_diagnosis_has_a_phrase() -> None:
    """Of a fault, a node and a route."""
    rows = {row.reason for row in Row} - {"Healthy"}
    assert all(rows <= _phrased(kind) for kind in ("Fault", "Node", "IngressRoute"))
