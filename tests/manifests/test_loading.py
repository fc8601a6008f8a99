"""Whatever PyYAML stumbles over is its own error, which every caller expects."""

from contextlib import suppress

import pytest
import yaml

from bot.manifests.edit import documents
from bot.manifests.loading import load_all
from tests.pumping import limited

ODD = ["x", "", "_", "0x", "1:x", "2026-99-99", "[a]", "{a: b}", "é"]
TAGS = ["bool", "int", "float", "timestamp", "binary", "set", "omap", "pairs", "null", "python/x"]


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("value", ODD)
def test_a_value_that_does_not_fit_its_tag_is_an_error_of_yaml(tag: str, value: str) -> None:
    """One file of a repository must not end the reading of all."""
    with suppress(yaml.YAMLError):
        assert len(load_all(f"a: !!{tag} {value}\n")) == 1


@pytest.mark.parametrize("text", ["a: !!bool x", "a: !!int _", f"a: !!int {'9' * 5000}"])
def test_a_value_that_cannot_be_read_is_an_error_of_yaml(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        load_all(text)


LONG = {
    "in base 60": "1:" * 100_000 + "1",
    "in base 60 with a point": "1:" * 100_000 + "1.5",
    "in base 16": "0x" + "f" * 9000,
    "in base 2": "0b" + "1" * 9000,
    "in base 10": "9" * 9000,
    "with a point": "1." + "1" * 9000,
}


@pytest.mark.parametrize("number", LONG.values(), ids=LONG.keys())
def test_a_number_without_end_is_a_text_and_costs_no_more_than_one(number: str) -> None:
    """Python writes no such number out, and one in base 60 took seconds to read."""
    with limited(0.5):
        assert load_all(f"a: {number}") == [{"a": number}]


@pytest.mark.parametrize("tag", ["int", "float"])
def test_a_number_without_end_that_insists_is_an_error_of_yaml(tag: str) -> None:
    with pytest.raises(yaml.YAMLError):
        load_all(f"a: !!{tag} 0x{'f' * 9000}")


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000, '["a": ' * 5000, "? " * 5000])
def test_nesting_without_end_is_an_error_of_yaml(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        documents(text)
