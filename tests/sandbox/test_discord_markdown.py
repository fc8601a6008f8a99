"""The sandbox page reads Markdown as Discord does, so that what is copied there is the same."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

pytest.importorskip("simcord", reason="needs the extra `sandbox`")

from simcord.preview._markdown import markdown_tokens

from bot.render import cards
from bot.sandbox.discord_markdown import read_as_discord_does
from tests.render.discord_markdown import read
from tests.render.test_prose import COPIED


@pytest.fixture(autouse=True)
def discords_markdown() -> None:
    read_as_discord_does()


def shown(message: str) -> str:
    """What the page shows of a message."""
    return "".join(_texts(markdown_tokens(message, "text_display")))


def _texts(tokens: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for token in tokens:
        yield str(token.get("content", "")).removesuffix("\n")
        yield from _texts(token.get("children", ()))


@pytest.mark.parametrize("value", [*COPIED, "a &amp; b", "---", "[a]: https://x.example", "| a |"])
def test_a_value_is_shown_as_it_is(value: str) -> None:
    """As code and as prose, as by the model of Discord's own reading."""
    for message in (cards.code(value, 200), cards.escape(value)):
        assert shown(message) == read(message).text == value


@pytest.mark.parametrize("message", ["``  `a  ``", "`` `a``", "`` a ``", "``a", "a ` b"])
def test_code_is_read_as_in_the_model(message: str) -> None:
    assert shown(message) == read(message).text


def test_an_escaped_address_is_not_a_link() -> None:
    assert "link_open" not in str(markdown_tokens(cards.escape("http://a.example"), "text_display"))
    assert "link_open" in str(markdown_tokens("http://a.example", "text_display"))
