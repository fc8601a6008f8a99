"""The reader of Dockerfiles, and that a wrong one does not pass. `make test-image` does ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.image.building import Building, Root, StepFailed
from tests.image.dockerfile import NotUnderstood, context, expanded, ignored, stages
from tests.places import ROOT

SOURCE = ROOT
OURS = (SOURCE / "deploy/Dockerfile").read_text()


def build(text: str, folder: Path) -> Root:
    """Carry out a Dockerfile over a context with one file in a folder `bot`."""
    source, scratch, tools = (folder / each for each in ("source", "scratch", "tools"))
    for each in (source / "bot", source / "other", scratch, tools):
        each.mkdir(parents=True)
    (source / "bot/a.py").write_text("a")
    (source / "other/b.py").write_text("b")
    (source / ".dockerignore").write_text("*\n!bot\n**/__pycache__\n")
    return Building(source, scratch, tools, lambda _: None).build(stages(text))


def test_ours_has_a_base_that_can_be_pinned_and_a_result_without_a_shells_form():
    """Both stages stand on the one argument, and nothing is run in the last."""
    first, last = stages(OURS)
    assert first.base == last.base == "python:3.13-slim"
    assert [each.name for each in last.instructions if each.name == "RUN"] == []
    asked = {each.name: each for each in last.instructions}
    assert asked["ENTRYPOINT"].words == ["python", "-m", "bot"]
    # Of a name Kubernetes could not tell that it is not root.
    assert asked["USER"].text.split(":")[0].isdigit()


def test_only_what_the_image_is_made_from_is_sent():
    """No test, no picture, no Git history, no sandbox, nothing that Python compiled."""
    sent = context(SOURCE)
    assert {each.parts[0] for each in sent} == {"bot", "commands", "requirements.txt"}
    assert not any("__pycache__" in each.parts for each in sent)
    assert not any(each.is_relative_to("bot/sandbox") for each in sent)
    assert Path("bot/__main__.py") in sent


@pytest.mark.parametrize(
    ("path", "held_back"),
    [
        ("bot/a.py", False),
        ("bot/deep/er/a.py", False),
        ("bot/sandbox/a.py", True),
        ("bot/__pycache__/a.pyc", True),
        ("botany/a.py", True),
        ("tests/bot/a.py", True),
        (".git/config", True),
    ],
)
def test_the_last_pattern_that_fits_decides(path: str, held_back: bool):
    """As in Docker: a folder that is let through brings what is in it."""
    assert ignored(path, ["*", "!bot", "**/__pycache__", "bot/sandbox"]) is held_back


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\nADD a b",
        "FROM a\nRUN a \\\n  b",
        "RUN a",
        "FROM a\nHEALTHCHECK NONE",
        "FROM ${NOBODYS}",
        "FROM a\nENV A",
        'FROM a\nENV A="b c"',
        "FROM a\nCMD run",
    ],
)
def test_what_is_not_understood_is_an_error(text: str, tmp_path: Path):
    """Never passed over: then the steps would not be the Dockerfile's."""
    with pytest.raises(NotUnderstood):
        build(text, tmp_path)


def test_a_step_runs_in_its_own_root_with_the_images_variables_alone(tmp_path: Path):
    """Absolute paths, the working directory and ENV are the image's."""
    text = (
        "FROM a AS one\nWORKDIR /work\nENV A=/work/x\nCOPY bot bot\n"
        "RUN cp bot/a.py /copied && printf %s $A > /where\n"
        "FROM b\nCOPY --from=one /work /moved"
    )
    root = build(text, tmp_path)
    assert root.inside("/moved/bot/a.py").read_text() == "a"
    one = tmp_path / "scratch/root-one"
    assert (one / "copied").read_text() == "a"
    assert (one / "where").read_text() == f"{one}/work/x"


def test_a_failing_step_is_told_with_its_line_and_what_it_printed(tmp_path: Path):
    """And ends the building."""
    with pytest.raises(StepFailed, match=r"line 2: RUN echo seen(.|\n)*seen"):
        build("FROM a\nRUN echo seen && false", tmp_path)


@pytest.mark.parametrize("name", ["other", "absent"])
def test_what_is_held_back_or_absent_cannot_be_copied(name: str, tmp_path: Path):
    """Docker would say the same."""
    with pytest.raises(FileNotFoundError, match=name):
        build(f"FROM a\nCOPY {name} {name}", tmp_path)


def test_a_variable_without_a_value_is_no_empty_text():
    """Else a base would be chosen by chance."""
    assert expanded("a${B}-$C", {"B": "1", "C": "2"}) == "a1-2"
    with pytest.raises(NotUnderstood, match=r"\$D has no value"):
        expanded("$D", {})
