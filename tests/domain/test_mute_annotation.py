"""An annotation on an object silences what is found of it, as long as it says so."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.mute_annotation import MUTE
from bot.domain.report import examine
from bot.health.checks import CHECKS
from tests.builders import a_pod, an_object
from tests.fakes import snapshot_of


def broken(mute: str | None = None) -> Any:
    """A pod that does not start."""
    return marked(a_pod(waiting="CrashLoopBackOff"), mute)


def marked(each: Any, mute: str | None) -> Any:
    if mute is not None:
        each["metadata"]["annotations"] = {MUTE: mute}
    return each


def lines(*objects: Any) -> list[str]:
    report = examine(snapshot_of(*objects), CHECKS)
    pods = [each.key for each in report.findings if each.subject.kind == "Pod"]
    assert pods
    return [report.muted.get(key, "") for key in pods]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("true", "muted by the annotation of Pod apps/web"),
        ("", "muted by the annotation of Pod apps/web"),
        ("a known bug", "muted by the annotation of Pod apps/web: a known bug"),
        ("false", ""),
        ("2099-01-02", "muted by the annotation of Pod apps/web until 2099-01-03 00:00 UTC"),
        (
            "2099-01-02T18:00:00+02:00  new\ndisk",
            "muted by the annotation of Pod apps/web until 2099-01-02 16:00 UTC: new disk",
        ),
        ("2001-01-01 the old disk", ""),
        ("2099-02-30", ""),
        ("2099-1-2", ""),
        ("password=hunter22", "muted by the annotation of Pod apps/web: password=[redacted]"),
    ],
)
def test_it_says_until_when_and_why(given: str, told: str):
    """What is over, and a day that there is not, silences nothing."""
    assert lines(broken(given)) == [told]


def test_its_namespace_silences_it_and_another_one_does_not():
    """By the namespace's own annotation."""
    here = marked(an_object("Namespace", "apps", namespace=""), "moving house")
    there = marked(an_object("Namespace", "media", namespace=""), "true")
    assert lines(broken(), here) == ["muted by the annotation of Namespace apps: moving house"]
    assert lines(broken(), there) == [""]


@given(st.text(max_size=300) | st.from_regex(r"\A\d{4}-\d{2}-\d{2}.{0,40}\Z"))
def test_whatever_is_written_there_is_one_short_line_or_none(text: str):
    (line,) = lines(broken(text))
    assert len(line) < 250
    assert "\n" not in line
