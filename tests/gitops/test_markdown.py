"""A pull request's words: whatever the cluster says stays text."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.finding import Target
from bot.gitops.domain.file_edit import EditKind, FileEdit
from bot.gitops.markdown import Description, body, branch, message, title
from tests.gitops.trees import ANNOTATE, NATIVE_LB

AT = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
MOST = 65536
hostile = st.text("`~@#<>![]()\n\r\t\\*_ ab\x00\u202e|&;", max_size=80) | st.text(max_size=40)
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")


def outside(text: str) -> str:
    """What a Markdown reader does not take for code, by CommonMark's rule of fences."""
    kept: list[str] = []
    fence = ""
    for line in text.splitlines():
        found = FENCE.match(line)
        if fence and found and found[1].startswith(fence) and not found[2].strip():
            fence = ""
        elif not fence and found:
            fence = found[1]
        elif not fence:
            kept.append(line)
    assert not fence, "a fence was left open"
    return "\n".join(kept)


@given(
    st.lists(hostile, max_size=4).map(tuple),
    st.lists(hostile, max_size=3).map(tuple),
    hostile,
    hostile,
)
def test_no_text_of_the_cluster_leaves_its_fence(
    evidence: tuple[str, ...], risks: tuple[str, ...], diff: str, change: str
):
    """So nobody is called, nothing is linked, and no HTML is read."""
    why = Description(change, AT, evidence, risks, requester=change)
    made = outside(body(ANNOTATE, why, diff, also=evidence))
    plain = outside(body(ANNOTATE, Description("x", AT), ""))
    for sign in "@<>![]*|&":
        assert made.count(sign) == plain.count(sign)
    assert len(body(ANNOTATE, why, diff)) < MOST


UNSEEN = (
    "\x00\x07\x1b\x7f\x85\xad\u061c\u200b\u200d\u200e\u2028\u2029\u202e\u2066\ufeff\ue000\U000e0041"
)


@pytest.mark.parametrize("char", UNSEEN)
@pytest.mark.parametrize("where", ["diff", "why"])
def test_a_reviewer_sees_each_character_and_its_place(char: str, where: str):
    """A difference may come from anybody who pushes; it is read before it is merged."""
    text = f"a{char}b"
    why = Description("x", AT, (text,) if where == "why" else ())
    made = body(ANNOTATE, why, text if where == "diff" else "")
    assert char not in made


def test_the_longest_evidence_fits_into_a_body():
    """GitHub takes 65,536 characters."""
    why = Description("x", AT, ("y" * 5000,) * 200, ("z" * 5000,) * 200)
    made = body(ANNOTATE, why, "d" * 100_000, also=("k" * 5000,) * 20)
    assert len(made) < MOST
    assert "characters more" in made


@given(hostile, hostile)
def test_names_become_a_branch_and_a_title_that_every_host_takes(namespace: str, name: str):
    """Kubernetes' own names are plainer, but a stored edit may say anything."""
    edit = FileEdit(kind=EditKind.ANNOTATE, object=Target("Service", namespace, name))
    assert re.fullmatch(r"meshmedic/[a-z0-9][a-z0-9-]{10,90}", branch(edit))
    assert re.fullmatch(r"[\w ./?-]{1,120}", title(edit), re.ASCII)
    assert message(edit, Description("x", AT)).count("\n") == 3


def test_the_same_edit_has_the_same_branch_and_another_edit_another():
    """So an open pull request is found by it."""
    assert branch(ANNOTATE) == branch(FileEdit(kind=ANNOTATE.kind, object=ANNOTATE.object))
    assert branch(ANNOTATE) != branch(NATIVE_LB)
    other = FileEdit(kind=EditKind.ANNOTATE, object=Target("Service", "apps", "web2"))
    assert branch(ANNOTATE) != branch(other)


def test_a_secret_in_the_evidence_stays_out():
    """A log line may hold one."""
    why = Description("x", AT, ("password=hunter22",))
    assert "hunter22" not in body(ANNOTATE, why, "")
