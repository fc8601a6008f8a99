"""The runbook: pages that fit, that are found, and that hold every documented command."""

import pytest

from bot.errors import InputError
from bot.health.checks import CHECKS
from bot.render import cards as render
from bot.runbook import service as runbook

PAGES = runbook.load().pages
FOUND = runbook.load()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_page_fits_a_message_whole(page: runbook.Page):
    """Nothing of a page is cut off in Discord."""
    assert page.title
    assert 100 < len(page.text) < render.TEXT - len(page.title) - 10
    assert page.text.count("```") % 2 == 0


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_check_stands_for_a_command_that_is_documented(check):
    """What a report calls documented is on a page."""
    assert any(check.documented_as in page.text for page in PAGES), check.documented_as


def test_a_word_finds_its_page_and_a_title_comes_first():
    """`nativelb` is on several pages, and the one about it leads."""
    found = FOUND.search("nativelb")
    assert len(found) > 1
    assert found[0].name == "nativelb"


def test_no_words_find_all_pages():
    """So autocomplete offers the whole book."""
    assert FOUND.search("  ") == PAGES


def test_a_page_can_be_asked_for_by_name_or_by_words():
    """Both lead to the same page."""
    assert FOUND.page("502-across-nodes") == FOUND.page("502 across nodes")


def test_an_unknown_topic_lists_what_there_is():
    """Nobody has to guess."""
    with pytest.raises(InputError, match=r"No runbook page on `zzz`\. Known: `"):
        FOUND.page("zzz")
    with pytest.raises(InputError, match="Did you mean `Nodes`"):
        FOUND.page("nodse")
