"""Plain technical English in every text that a person reads, as docs/contributing/voice.md says."""

from __future__ import annotations

from functools import cache

import pytest

from tests.voice.banned import PAGE, Phrase, complaints, phrases, table
from tests.voice.texts import (
    Text,
    all_texts,
    in_markdown,
    in_python,
    in_yaml,
)

EACH_PHRASE = pytest.mark.parametrize("phrase", phrases(), ids=lambda phrase: phrase.say)


@cache
def texts() -> tuple[Text, ...]:
    return tuple(all_texts())


def test_no_text_holds_a_banned_phrase() -> None:
    """Each line says where, and what to write instead."""
    found = sorted({complaint for text in texts() for complaint in complaints(text)})
    if found:
        pytest.fail("\n".join((f"{len(found)} banned phrases:", *found)), pytrace=False)


@EACH_PHRASE
def test_a_banned_phrase_is_found(phrase: Phrase) -> None:
    """Otherwise its row would ban nothing."""
    assert [text for text in phrase.hits if not any(phrase.found_in(text))] == []


@EACH_PHRASE
def test_correct_words_are_left_alone(phrase: Phrase) -> None:
    """`recommend` holds `mend`, and `meshmedic judge` is a command."""
    assert [text for text in phrase.spares if any(phrase.found_in(text))] == []


@pytest.mark.parametrize(
    "where",
    ["bot/settings.py", "bot/health/checks/pods.py", "bot/cli/parser.py", "commands/fix/cog.py",
     "README.md", "docs/fix.md", "deploy/base/network.yaml", "deploy/base/admission.yaml",
     "bot/runbook_pages/03-pods.md"],
)  # fmt: skip
def test_each_kind_of_text_is_collected(where: str) -> None:
    """Otherwise the first test would pass on nothing."""
    assert any(text.path == where for text in texts())


def test_a_complaint_names_the_file_the_line_and_the_cure() -> None:
    """What the author of a text needs to correct it at once."""
    (complaint,) = complaints(Text("bot/fix.py", 7, "First line.\nIt is muted\nno more."))
    assert complaint.startswith('bot/fix.py:9: "no more", instead: no longer')


def test_a_literal_is_read_and_a_docstring_a_key_and_a_pattern_are_not() -> None:
    """Only the first one is shown to anybody."""
    source = '''
"""A docstring that is told."""
KEYS = {"a key that is told": 1}
PATTERN = re.compile("a pattern that is told")
NAME = "told"
SHOWN = f"The owner {verb:>4 told} is told."
'''
    assert [text.content for text in in_python("x.py", source)] == ["The owner {} is told."]


def test_a_column_of_counterexamples_is_not_read() -> None:
    """A page may show what not to write, and only there."""
    page = "| Not | Instead |\n|---|---|\n| told | told |\n\n| Now |\nIt is told.\n"
    (text,) = in_markdown("x.md", page)
    lines = [complaint.split(" ", 1)[0] for complaint in complaints(text)]
    assert lines == ["x.md:3:", "x.md:6:"]


def test_comments_and_messages_of_a_manifest_are_read() -> None:
    """An approver reads what a policy answers, and an owner the comments."""
    manifest = "# It is\n# told.\nmessage: It is mended.\nkey: 'no # comment'\n"
    texts_ = in_yaml("x.yaml", manifest)
    found = [complaint for text in texts_ for complaint in complaints(text)]
    assert [complaint.split(", instead")[0] for complaint in found] == [
        'x.yaml:2: "told"',
        'x.yaml:3: "mended"',
    ]


def test_the_page_shows_the_table_of_banned_phrases() -> None:
    """`python -m tests.voice.banned` was run after the last change."""
    assert table() in PAGE.read_text()
