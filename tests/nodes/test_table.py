"""A suite of printed rows can fail: by a row, a figure, what broke off, and by saying nothing."""

from __future__ import annotations

import pytest

from tests.nodes.table import Figure, Table, summary

WORKS = "## ✅ The route works: `a`\nFrom n1 by pod IP."


def test_a_row_is_right_where_the_pattern_is_found_and_wrong_where_it_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What was said instead is printed whole, for whoever looks for the reason."""
    table = Table("Faults")
    assert table.row("mended", WORKS, seconds=4.9, want="The route works: `a`")
    assert not table.row("redirect", WORKS, seconds=1.0, want="a NAT rule on")
    assert (table.right, table.wrong) == (1, ["redirect"])
    printed = capsys.readouterr().out
    assert "  ok       4.9 s  mended: ✅ The route works: `a`\n" in printed
    assert "WRONG    1.0 s  redirect" in printed
    assert "From n1 by pod IP." in printed


@pytest.mark.parametrize(
    ("value", "limit", "holds"), [(25.0, 25.0, True), (25.1, 25.0, False), (99.0, None, True)]
)
def test_a_figure_above_its_limit_is_wrong(
    value: float, limit: float | None, *, holds: bool
) -> None:
    """At the limit it holds; without one it is only told."""
    table = Table("Figures")
    table.figure(Figure("memory of an agent", value, "MiB", limit))
    assert (table.right, len(table.wrong)) == (int(holds), int(not holds))


def test_what_broke_off_is_wrong() -> None:
    """What could not be looked at is never right, and the summary says why."""
    table = Table("A power cut")
    table.broken("power-cut", TimeoutError("not within 120 s: another leader"))
    assert table.wrong == ["power-cut: TimeoutError: 'not within 120 s: another leader'"]


def test_the_run_fails_by_a_single_wrong_row_and_by_no_row_at_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The last line has the totals."""
    good, bad = Table("Install"), Table("Faults")
    good.row("rollout status", "done", seconds=1, want="done")
    assert summary([good]) == 0
    bad.row("redirect", "Inconclusive", seconds=1, want="proven")
    assert summary([good, bad]) == 1
    assert capsys.readouterr().out.endswith("  WRONG Faults: redirect\n\n1 right, 1 wrong\n")
    assert summary([]) == 1
