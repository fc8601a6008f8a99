"""An audit that looked nothing up is not a sound one."""

from __future__ import annotations

import json

import pytest

from tests.audit.outcome import SOUND, UNKNOWN, VULNERABLE, outcome

WELL = {"name": "yarl", "version": "1.25.1", "vulns": []}
BAD = {"name": "aiohttp", "version": "3.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1"]}]}
SKIPPED = {"name": "rich", "skip_reason": "Dependency not found on PyPI: rich (15.0)"}


def printed(*rows: object) -> str:
    return json.dumps({"dependencies": rows, "fixes": []})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (printed(WELL), SOUND),
        (printed(WELL, BAD), VULNERABLE),
        (printed(WELL, SKIPPED), UNKNOWN),
        (printed(BAD, SKIPPED), VULNERABLE),
        (printed(), UNKNOWN),
        ("", UNKNOWN),
        ("null", UNKNOWN),
        ("<html>", UNKNOWN),
    ],
)
def test_the_exit_code_is_that_of_what_was_seen(text: str, code: int):
    assert outcome(text, "").code == code


def test_it_names_the_package_the_advisory_and_the_version_that_mends_it():
    (line, count) = outcome(printed(BAD), "").lines()
    assert line == "vulnerable: aiohttp 3.0: PYSEC-1, mended in 3.1"
    assert count == "1 packages looked up, 1 advisories"


def test_without_an_answer_the_last_line_of_the_errors_says_why():
    first, last = outcome("", "Traceback\n  at\nConnectionError: no such host\n").lines()
    assert first == "not audited: ConnectionError: no such host"
    assert last == "0 packages looked up, 0 advisories"
