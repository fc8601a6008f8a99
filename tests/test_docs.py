"""The documents say what the code does."""

import json
import re
import tomllib

import pytest

from bot.cli.schema import SCHEMAS
from bot.domain.check import SCOPES
from bot.domain.report import examine
from bot.gitops import refusals_page as gitops
from bot.gitops.refusals import FileReason
from bot.health.checks import CHECKS
from bot.health.views import json as render
from bot.ingress_conversion import refusals_page as refusals
from bot.net.diagnosis.diagnosis import Row
from bot.net.views import decision_table_page as decision_table
from bot.render.json_text import indented
from tests import size
from tests.builders import a_certificate, a_pod
from tests.fakes import snapshot_of
from tests.json_schema import validate
from tests.places import ROOT

README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("answer", sorted(SCHEMAS))
def test_every_schema_that_the_command_prints_is_published(answer: str):
    """`meshmedic schema NAME > docs/NAME.schema.json` was run after the last change."""
    assert (ROOT / f"docs/{answer}.schema.json").read_bytes() == indented(SCHEMAS[answer]())


def test_the_page_of_the_decision_table_is_the_one_of_the_rules():
    """Every row has its place, and `python -m bot.net.views.decision_table_page` wrote them."""
    assert (ROOT / "docs/diagnosis.md").read_text() == decision_table.page()
    assert sorted(decision_table.rows()) == sorted(Row)


def test_the_page_of_refusals_is_the_one_of_the_code():
    """`python -m bot.ingress_conversion.refusals_page > docs/conversion.md` was run since."""
    assert (ROOT / "docs/conversion.md").read_text() == refusals.page()


def test_the_page_of_pull_requests_is_the_one_of_the_code():
    """`python -m bot.gitops.refusals_page docs/gitops.md` was run after the last change."""
    text = (ROOT / "docs/gitops.md").read_text()
    assert text == gitops.with_reasons(text)


def test_every_reason_against_a_pull_request_is_one_that_the_code_gives():
    """The list is closed, and holds none that never comes."""
    written = "".join(
        path.read_text() for path in ROOT.glob("bot/gitops/**/*.py") if path.name != "refusals.py"
    )
    assert set(re.findall(r"Reason\.([A-Z_]+)", written)) == {each.name for each in FileReason}


def test_the_published_schema_describes_what_is_printed():
    """A report with findings, evidence and a cause is valid by it."""
    report = examine(snapshot_of(a_pod(waiting="CrashLoopBackOff"), a_certificate()), CHECKS)
    validate(json.loads(render.report(report)), render.schema())


def test_every_scope_stands_in_the_readme():
    """The commands table names what can be asked for."""
    assert all(re.search(rf"[|\\ ]{scope}[\\`]", README) for scope in SCOPES)


def test_every_dependency_earns_its_place_in_one_line():
    """The table of dependencies is that of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[<>=\[]", each)[0] for each in project["dependencies"]}
    table = README.partition("## Dependencies")[2]
    assert wanted == set(re.findall(r"^\| ([\w.-]+) \|", table, re.MULTILINE)) - {"Package"}


def test_every_picture_of_the_readme_is_there():
    """Made by `make screenshots`."""
    assert all((ROOT / path).is_file() for path in re.findall(r"\]\((docs/[\w./]+)\)", README))


def test_the_locked_requirements_hold_hashes_and_no_addresses():
    """Whoever installs them chooses where from."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        pinned = re.findall(r"^[\w.-]+==", text, re.MULTILINE)
        assert pinned
        assert len(re.findall(r"--hash=sha256:", text)) >= len(pinned)
        assert "://" not in text
        assert "index-url" not in text


def test_every_check_has_words_that_end_in_a_full_stop():
    """Title and advice are sentences that people read."""
    for check in CHECKS:
        assert check.title.endswith(".")
        assert check.advice.endswith(".")


def test_checks_are_complete_and_named_once():
    """Every file in the folder of checks is in the tuple, unless only `judge` uses it."""
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names))
    scoped = {
        path.stem
        for path in (ROOT / "bot/health/checks").glob("*.py")
        if re.search(r"^\s+scope=", path.read_text(), re.MULTILINE)
    }
    assert {name.replace("-", "_") for name in names} == scoped


def test_the_layout_page_lists_every_package_with_its_purpose_and_size():
    """`make size ARGS=--layout` was run since a package came, went or grew by a tenth."""
    row = re.compile(r"^\| `([^`]+)` \| (.+) \| ([\d,]+) \|$", re.MULTILINE)
    rows = row.findall(size.LAYOUT.read_text())
    listed = {name: (purpose, int(lines.replace(",", ""))) for name, purpose, lines in rows}
    counted = {name: lines for name, lines in size.sizes().items() if name != "bot/__init__.py"}
    assert listed.keys() == counted.keys()
    for name, (purpose, lines) in listed.items():
        assert purpose == size.purpose(name)
        assert abs(lines - counted[name]) <= max(60, counted[name] // 10), name


def test_every_path_that_the_layout_page_names_exists():
    """A newcomer who follows it finds the file."""
    named = re.findall(r"`((?:bot|commands|deploy|tests|docs)/[\w./]*)`", size.LAYOUT.read_text())
    assert len(named) > 30
    assert [path for path in named if not (ROOT / path).exists()] == []
